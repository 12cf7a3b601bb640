/**
 * The learning rate that AdamW and SGD are given at a step: linear warm-up over the first tenth
 * of the steps (at most 100), then a cosine down to a tenth of the peak (Loshchilov and Hutter
 * 2017; as in nanoGPT). AGD needs none.
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
export function scheduledLearningRate(peak: number, step: number, steps: number): number {
  const warmup = Math.min(100, Math.ceil(steps / 10));
  if (step < warmup) return peak * (step + 1) / warmup;
  const progress = (step - warmup) / Math.max(1, steps - warmup);
  return peak * (0.1 + 0.9 * 0.5 * (1 + Math.cos(Math.PI * Math.min(1, progress))));
}
