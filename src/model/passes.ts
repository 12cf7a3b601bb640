import type { Gpu } from "../gpu/gpu.ts";
import { Plan } from "../gpu/plan.ts";
import { crossEntropy } from "../ops/cross_entropy.ts";
import { sortedPlaces } from "../ops/embedding.ts";
import { mean } from "../ops/mean.ts";
import type { Activations } from "./activations.ts";
import { backward } from "./backward.ts";
import type { Gpt2Config } from "./config.ts";
import { forward, type Pass } from "./forward.ts";
import type { TensorMap } from "./weights.ts";

/** A batch of windows of tokens. */
export interface TokenBatch {
  /** (B, T) */
  inputs: Uint32Array;
  /** (B, T): the token that follows each. */
  targets: Uint32Array;
}

/** Uploads a batch for the plans below. */
export function uploadBatch(gpu: Gpu, activations: Activations, batch: TokenBatch): void {
  const { outer, backward } = activations;
  gpu.write(outer.tokens, batch.inputs);
  gpu.write(outer.targets, batch.targets);
  if (backward) gpu.write(backward.order, sortedPlaces(batch.inputs));
}

/** A plan that leaves the loss of each token in `losses` and their mean in `loss`. */
export function lossPlan(
  gpu: Gpu,
  config: Gpt2Config,
  weights: TensorMap,
  activations: Activations,
): Plan {
  const plan = new Plan(gpu);
  const { outer } = activations;
  forward({ gpu, plan, config, weights, activations });
  crossEntropy(gpu, plan, { ...outer, x: outer.final, wte: weights.get("wte.weight")! });
  mean(gpu, plan, outer.losses, outer.loss, 0);
  return plan;
}

/** A plan that sets gradients to 0. */
export function clearPlan(gpu: Gpu, gradients: TensorMap): Plan {
  const plan = new Plan(gpu);
  for (const gradient of gradients.values()) plan.clear(gradient);
  return plan;
}

/**
 * A plan that leaves the mean loss of a micro-batch in `loss`, and adds its part of the gradient
 * of the mean loss of `microBatches` like it to `gradients`. Its sections are `forward`, `loss`
 * (logits and cross-entropy, in both directions) and `backward`.
 */
export function gradientPlan(
  gpu: Gpu,
  config: Gpt2Config,
  weights: TensorMap,
  activations: Activations,
  gradients: TensorMap,
  microBatches = 1,
): Plan {
  const plan = new Plan(gpu);
  const { outer } = activations;
  const pass: Pass = { gpu, plan, config, weights, activations };
  plan.section("forward");
  forward(pass);
  plan.section("loss");
  crossEntropy(gpu, plan, {
    ...outer,
    x: outer.final,
    wte: weights.get("wte.weight")!,
    dx: activations.backward!.dfinal,
    dwte: gradients.get("wte.weight")!,
    microBatches,
  });
  mean(gpu, plan, outer.losses, outer.loss, 0);
  plan.section("backward");
  backward(pass, gradients);
  return plan;
}
