import type { Tensor } from "../gpu/tensor.ts";
import type { Gpt2 } from "../model/gpt2.ts";
import { named, type Optimizer } from "../optim/optimizer.ts";

/**
 * The tensors that the model's file does not hold, by name: the optimiser's, and where it keeps an
 * average of the weights for evaluation, `weights.*`, which are the weights themselves.
 */
export function stateTensors({ weights }: Gpt2, optimizer: Optimizer): Map<string, Tensor> {
  const { evaluationWeights, state } = optimizer;
  const raw = [...weights].filter(([name, tensor]) => evaluationWeights.get(name) !== tensor);
  return new Map([...named("weights", new Map(raw)), ...state]);
}
