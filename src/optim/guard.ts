import { f32, type Plan } from "../gpu/plan.ts";
import type { Tensor } from "../gpu/tensor.ts";
import { WORKGROUP_SUM } from "../ops/includes.ts";
import { rowThreads } from "../ops/threads.ts";
import { type OptimizerTarget, trainable } from "./optimizer.ts";
import { spansOf } from "./spans.ts";
import beginStepSource from "../../wgsl/optim/begin_step.wgsl" with { type: "text" };
import unfitSource from "../../wgsl/optim/unfit_gradients.wgsl" with { type: "text" };

/** Workgroups per span of gradients, at most. */
const MAX_GROUPS = 1024;
/** Gradients that one workgroup looks at, at least. */
const MIN_SHARE = 16_384;

/** Gradients are scaled down where their global 2-norm exceeds a bound. */
export interface Clipping {
  /** The bound. */
  norm: number;
  /** (1): gets the number, at most 1, that the gradients are to be multiplied by. */
  factor: Tensor;
}

/** What is known of a step before its kernels; the plan owns both. */
export interface StepGuard {
  /**
   * (4): 1 if the step is skipped, else 0; steps done; for each of two decays its power of that.
   */
  progress: Tensor;
  /** [0]: 1 if the last step was skipped, else 0. */
  summary: Tensor;
}

/**
 * Appends the beginning of an optimiser's step: if a gradient is NaN, infinite or at least 2^51,
 * the step is to be skipped, otherwise it is counted. All of this stays on the GPU; the kernels
 * that follow leave weights and state alone if `progress[0]` is not 0.
 *
 * @param target Its trainable gradients are looked at.
 * @param decays Of averages that start at 0.
 * @param clipping Whether to find the norm of the gradients too, in the same dispatches.
 * @param summarySize Elements of the summary, with those that the optimiser adds to it.
 */
export function guardStep(
  target: OptimizerTarget,
  plan: Plan,
  { decays: [beta1 = 0, beta2 = 0] = [], clipping, summarySize = 1 }: {
    decays?: readonly number[];
    clipping?: Clipping;
    summarySize?: number;
  } = {},
): StepGuard {
  const { gpu, gradients } = target;
  const spans = spansOf(gpu, trainable(target), [gradients]);
  const groupsOf = (size: number) => Math.min(MAX_GROUPS, Math.ceil(size / MIN_SHARE));
  const sizes = spans.map(({ tensors }) => tensors[0].size);
  const count = sizes.reduce((sum, size) => sum + groupsOf(size), 0);
  // Of each workgroup whether a gradient is unfit, and the sum of squares.
  const findings = gpu.tensor("gradient findings", [count, 2], "u32");
  const constants = { THREADS: rowThreads(gpu), CLIPPED: clipping !== undefined };
  const unfit = gpu.kernel("unfit_gradients", unfitSource, constants, WORKGROUP_SUM);
  let first = 0;
  for (const { tensors: [span] } of spans) {
    const { size } = span;
    const groups = groupsOf(size);
    plan.dispatch(unfit, [groups], [size, Math.ceil(size / groups), first], [span, findings]);
    first += groups;
  }
  const progress = gpu.tensorFrom("progress", [4], Float32Array.of(0, 0, 1, 1));
  const summary = gpu.tensor("summary", [summarySize]);
  plan.own(findings, progress, summary);
  plan.dispatch(
    gpu.kernel("begin_step", beginStepSource, constants, WORKGROUP_SUM),
    [1],
    [count, f32(beta1), f32(beta2), ...clipping ? [f32(clipping.norm)] : []],
    [findings, progress, summary, ...clipping ? [clipping.factor] : []],
  );
  return { progress, summary };
}
