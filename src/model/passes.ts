import { UsageError, UserError } from "../errors.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { Plan } from "../gpu/plan.ts";
import type { Tensor } from "../gpu/tensor.ts";
import { castToHalf } from "../ops/cast.ts";
import { crossEntropy } from "../ops/cross_entropy.ts";
import { sortedPlaces } from "../ops/embedding.ts";
import { mean } from "../ops/mean.ts";
import type { Batch } from "../tokens/batch.ts";
import type { Activations } from "./activations.ts";
import { backward } from "./backward.ts";
import type { Gpt2Config } from "./config.ts";
import { forward, type Pass } from "./forward.ts";
import type { ParameterSpec } from "./parameters.ts";
import { capacityOf, type TensorMap } from "./weights.ts";

/**
 * Refuses tokens that the vocabulary does not have: their rows would be read from elsewhere.
 *
 * @throws {UsageError} If there is one; it says which and where.
 */
export function checkTokens(tokens: Uint32Array, vocabularySize: number): void {
  const at = tokens.findIndex((token) => token >= vocabularySize);
  if (at < 0) return;
  throw new UsageError(
    `token ${tokens[at]}, number ${at} of the batch, is not one of the model's ` +
      `${vocabularySize.toLocaleString("en")} tokens, 0 to ${vocabularySize - 1}`,
  );
}

/**
 * Uploads a batch for the plans below.
 *
 * @throws {UsageError} If a token is none of the vocabulary's.
 */
export function uploadBatch(
  gpu: Gpu,
  { vocabularySize }: Gpt2Config,
  { outer, backward }: Activations,
  batch: Batch,
): void {
  checkTokens(batch.inputs, vocabularySize);
  checkTokens(batch.targets, vocabularySize);
  gpu.write(outer.tokens, batch.inputs);
  gpu.write(outer.targets, batch.targets);
  if (backward) gpu.write(backward.order, sortedPlaces(batch.inputs));
}

/**
 * Copies of the matrices in 16 bits, among the other weights as they are, and a plan that brings
 * them up to date.
 *
 * @throws {UserError} If the adapter has no 16-bit floats.
 * @throws {UsageError} If the width is odd: rows of 16 bits must be whole words.
 */
export function halfWeights(
  gpu: Gpu,
  table: readonly ParameterSpec[],
  weights: TensorMap,
): { weights: TensorMap; copies: Tensor[]; plan: Plan } {
  if (!gpu.hasF16) {
    throw new UserError(
      `the adapter "${gpu.adapterName}" has no 16-bit floats (shader-f16): train in f32`,
      "UNSUPPORTED",
    );
  }
  const width = weights.get("wte.weight")!.shape[1];
  if (width % 2 !== 0) throw new UsageError(`f16 needs an even width, not ${width}`);
  const plan = new Plan(gpu);
  const rounded = table.filter(({ name, shape }) => shape.length === 2 && name !== "wpe.weight");
  const copies = gpu.tensors(rounded.map((spec) => (
    { label: `half ${spec.name}`, shape: spec.shape, type: "f16", capacity: capacityOf(spec) }
  )));
  rounded.forEach(({ name }, i) => castToHalf(gpu, plan, weights.get(name)!, copies[i]));
  const byName = rounded.map(({ name }, i) => [name, copies[i]] as const);
  return { weights: new Map([...weights, ...byName]), copies, plan };
}

/**
 * A plan that leaves the loss of each token in `losses` and their mean in `loss`.
 *
 * @param hits (N): set to 1 where no token is likelier than the target, else to 0.
 */
export function lossPlan(
  gpu: Gpu,
  config: Gpt2Config,
  weights: TensorMap,
  activations: Activations,
  hits?: Tensor,
): Plan {
  const plan = new Plan(gpu);
  const { outer } = activations;
  forward({ gpu, plan, config, weights, activations });
  crossEntropy(gpu, plan, { ...outer, hits, x: outer.final, wte: weights.get("wte.weight")! });
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
 * of the mean loss of `microBatches` like it, times the loss scale if there is one, to
 * `gradients`. Its sections are `forward`, `loss`
 * (logits and cross-entropy, in both directions) and `backward`.
 */
export function gradientPlan(
  gpu: Gpu,
  config: Gpt2Config,
  weights: TensorMap,
  activations: Activations,
  gradients: TensorMap,
  { microBatches = 1, lossScale }: { microBatches?: number; lossScale?: Tensor } = {},
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
    lossScale,
  });
  mean(gpu, plan, outer.losses, outer.loss, 0);
  plan.section("backward");
  backward(pass, gradients);
  return plan;
}
