import type { Gpu } from "../gpu/gpu.ts";
import { f32, type Plan } from "../gpu/plan.ts";
import type { Tensor } from "../gpu/tensor.ts";
import { rowThreads } from "../ops/threads.ts";
import type { Run } from "./runs.ts";
import beginStepSource from "../../wgsl/begin_step.wgsl" with { type: "text" };
import unfitSource from "../../wgsl/unfit_gradients.wgsl" with { type: "text" };

/** Flags per run of gradients, at most. */
const MAX_FLAGS = 1024;
/** Gradients that one workgroup looks at, at least. */
const MIN_SHARE = 16_384;

/** What is known of a step before its kernels. */
export interface StepGuard {
  /**
   * (4): 1 if the step is skipped, else 0; steps done; for each of two decays its power of that.
   */
  progress: Tensor;
  /** [0]: 1 if the last step was skipped, else 0. */
  summary: Tensor;
  /** To be freed with the optimiser. */
  scratch: Tensor;
}

/**
 * Appends the beginning of an optimiser's step: if a gradient is NaN, infinite or at least 2^51,
 * the step is to be skipped, otherwise it is counted. All of this stays on the GPU; the kernels
 * that follow leave weights and state alone if `progress[0]` is not 0.
 *
 * @param runs Runs of all of the step's gradients alone.
 * @param decays Of averages that start at 0.
 * @param summarySize Elements of the summary, with those that the optimiser adds to it.
 */
export function guardStep(
  gpu: Gpu,
  plan: Plan,
  runs: readonly Run[],
  { decays: [beta1 = 0, beta2 = 0] = [], summarySize = 1 }: {
    decays?: readonly number[];
    summarySize?: number;
  } = {},
): StepGuard {
  const groupsOf = (size: number) => Math.min(MAX_FLAGS, Math.ceil(size / MIN_SHARE));
  const sizes = runs.map(({ tensors }) => tensors[0].size);
  const count = sizes.reduce((sum, size) => sum + groupsOf(size), 0);
  const flags = gpu.tensor("unfit gradients", [count], "u32");
  const THREADS = rowThreads(gpu);
  const unfit = gpu.kernel("unfit_gradients", unfitSource, { THREADS });
  let first = 0;
  for (const { tensors: [gradients] } of runs) {
    const { size } = gradients;
    const groups = groupsOf(size);
    plan.dispatch(unfit, [groups], [size, Math.ceil(size / groups), first], [gradients, flags]);
    first += groups;
  }
  const progress = gpu.tensorFrom("progress", [4], Float32Array.of(0, 0, 1, 1));
  const summary = gpu.tensor("summary", [summarySize]);
  plan.dispatch(
    gpu.kernel("begin_step", beginStepSource, { THREADS }),
    [1],
    [count, f32(beta1), f32(beta2)],
    [flags, progress, summary],
  );
  return { progress, summary, scratch: flags };
}
