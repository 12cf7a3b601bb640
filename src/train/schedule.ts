/**
 * How a learning rate comes down: by a cosine to a tenth of the peak (Loshchilov and Hutter 2017; as
 * in nanoGPT), in a straight line to zero (Bergsma et al. 2025, arXiv:2502.15938), or not at all.
 */
export type LearningRateDecay = "cosine" | "linear" | "constant";

/**
 * The learning rate that AdamW and SGD are given at a step: linear warm-up over the first tenth
 * of the steps (at most 100), then down. AGD needs none.
 *
 * @param step From 0.
 *
 * @example
 * ```ts
 * import { scheduledLearningRate } from "@agd/gpt2";
 *
 * console.log(scheduledLearningRate(1e-3, 0, 1000)); // 0.00001
 * console.log(scheduledLearningRate(1e-3, 100, 1000)); // 0.001
 * ```
 */
export function scheduledLearningRate(
  peak: number,
  step: number,
  steps: number,
  decay: LearningRateDecay = "cosine",
): number {
  const warmup = Math.min(100, Math.ceil(steps / 10));
  if (step < warmup) return peak * (step + 1) / warmup;
  if (decay === "constant") return peak;
  const progress = Math.min(1, (step - warmup) / Math.max(1, steps - warmup));
  if (decay === "linear") return peak * (1 - progress);
  return peak * (0.1 + 0.9 * 0.5 * (1 + Math.cos(Math.PI * progress)));
}
