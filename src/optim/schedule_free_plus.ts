import { f32, type Plan } from "../gpu/plan.ts";
import type { Tensor } from "../gpu/tensor.ts";
import { UsageError } from "../errors.ts";
import { allocateLike, copyWeights, type TensorMap } from "../model/weights.ts";
import { WORKGROUP_SUM } from "../ops/includes.ts";
import { rowThreads } from "../ops/threads.ts";
import { guardStep } from "./guard.ts";
import { named, type OptimizerTarget, trainable } from "./optimizer.ts";
import { elementwise, spansOf } from "./spans.ts";
import { OptimizerWithRate } from "./with_rate.ts";
import adamwSource from "../../wgsl/optim/adamw.wgsl" with { type: "text" };
import source from "../../wgsl/optim/schedule_free_plus.wgsl" with { type: "text" };
import stepSource from "../../wgsl/optim/schedule_free_plus_step.wgsl" with { type: "text" };
import sumsSource from "../../wgsl/optim/schedule_free_plus_sums.wgsl" with { type: "text" };

/** Elements of one workgroup's share. */
const SHARE = 16_384;

/** Settings of {@linkcode ScheduleFreePlus}. None of them is a step size. */
export interface ScheduleFreePlusOptions {
  /** AdamW's decays, of the averages of the gradient and of its square. @default [0.9, 0.95] */
  betas?: readonly [number, number];
  /** Keeps AdamW's division away from 0. @default 1e-8 */
  epsilon?: number;
  /**
   * Decay of matrices and embeddings, times the square of the step: 20 to 50 is much. Vectors are
   * not decayed.
   * @default 0
   */
  weightDecay?: number;
  /** b: how far from the iterate to the average gradients are taken, at first and at last. @default [0.9, 0.965] */
  interpolation?: readonly [number, number];
  /** Steps that b takes from the one to the other; 0: it stays the first. @default 0 */
  annealing?: number;
  /** Steps at first in which the average is the iterate: as many as the rate warms up. @default 0 */
  warmup?: number;
  /** Decay of the average of the gradient's l1 norm; 0: that of the step alone. @default 0 */
  normDecay?: number;
}

/**
 * ScheduleFree+ (Defazio 2026, arXiv:2605.19095): AdamW made schedule-free, with Polyak's step in
 * the place of a rate. An iterate z moves by gradients that are taken at y, between z and the
 * average x of the iterates, which is evaluated. As each element of AdamW's update is of size 1 or
 * so, the norm that goes with it is the l1 norm of the gradient:
 *
 *     alpha = max(0, loss + b <g, z - x>) / (sqrt(pi / 2) |g|_1)
 *     z <- z - alpha^2 decay y - alpha AdamW(g)
 *     x <- x + c (z - x),   c = w / sum of w so far,  w = (largest alpha so far)^2, after a warm-up
 *     y <- b x + (1 - b) z,  1 - b going from 0.1 to 0.035 by equal factors where it is annealed
 *
 * It needs the `loss` of the step as a tensor of its target, which {@linkcode Trainer} gives where
 * one process takes a step in one go. Its `learningRate`, 1, multiplies alpha: {@linkcode train}
 * warms it up, and leaves it where it is with `decay: "constant"`.
 *
 * @example
 * ```ts
 * import { Gpu, type OptimizerTarget, ScheduleFreePlus } from "@agd/gpt2";
 *
 * using gpu = await Gpu.open();
 * const table = [{
 *   name: "weight",
 *   shape: [32, 64],
 *   role: "matrix",
 *   parts: 1,
 *   fanIn: 32,
 *   fanOut: 64,
 *   residual: false,
 *   trainable: true,
 * }] as const;
 * const tensors = () => new Map([["weight", gpu.tensor("weight", [32, 64])]]);
 * const loss = gpu.tensorFrom("loss", [1], Float32Array.of(2));
 * const target: OptimizerTarget = { gpu, table, weights: tensors(), gradients: tensors(), loss };
 * using optimizer = new ScheduleFreePlus(target);
 * gpu.write(target.gradients.get("weight")!, new Float32Array(32 * 64).fill(0.01));
 * optimizer.step();
 * console.log((await gpu.read(target.weights.get("weight")!))[0]); // below 0: downhill
 * ```
 */
export class ScheduleFreePlus extends OptimizerWithRate {
  /** Tells its state from another optimiser's. */
  readonly kind = "schedulefree+";
  /**
   * `progress`; `polyak` (3): the average of the gradient's norm, the largest step, and the sum of
   * weights; AdamW's `m` and `v`; and z, `iterate`.
   */
  readonly state: TensorMap;
  /** The average x. */
  readonly evaluationWeights: TensorMap;
  /** (1): 1 if the last step was skipped, else 0. */
  readonly summary: Tensor;

  /**
   * Starts from the weights as they are.
   *
   * @throws {UsageError} If the target has no loss.
   */
  constructor(target: OptimizerTarget, options: ScheduleFreePlusOptions = {}) {
    const { betas = [0.9, 0.95], epsilon = 1e-8, weightDecay = 0 } = options;
    const { gpu, weights, gradients, loss } = target;
    if (!loss) {
      throw new UsageError(
        "ScheduleFree+ needs the loss of each step, which the GPU does not have where a batch is " +
          "accumulated or shared among processes: use another optimiser there",
      );
    }
    super(gpu, 1);
    const specs = trainable(target);
    const iterates = copyWeights(gpu, specs, weights, "iterate");
    const averages = copyWeights(gpu, specs, weights, "average");
    const [first, second] = ["schedule-free m", "schedule-free v"]
      .map((label) => allocateLike(gpu, specs, label));
    const polyak = gpu.tensor("polyak", [3]);
    const factors = gpu.tensor("polyak factors", [4]);
    const unclipped = gpu.tensorFrom("schedule-free clipping", [1], Float32Array.of(1));
    const { plan } = this;
    plan.own(polyak, factors, unclipped);
    for (const map of [iterates, averages, first, second]) plan.own(...map.values());
    const { summary, progress } = guardStep(target, plan, { decays: betas });
    const step = { progress, loss, rate: this.rate, polyak, factors };
    takePolyakStep(target, plan, [iterates, averages], step, options);
    elementwise(
      ...[gpu, plan, ["adamw", adamwSource], [progress, factors, unclipped]] as const,
      spansOf(gpu, specs, [gradients, iterates, first, second]),
      [f32(betas[0]), f32(betas[1]), f32(epsilon), f32(0)],
      1,
    );
    for (const [dimensions, decay] of [[2, weightDecay], [1, 0]]) {
      const alike = specs.filter(({ shape }) => shape.length === dimensions);
      const spans = spansOf(gpu, alike, [weights, iterates, averages]);
      const kernel = ["schedule_free_plus", source] as const;
      elementwise(gpu, plan, kernel, [progress, factors], spans, [f32(decay)], 0);
    }
    this.summary = summary;
    this.evaluationWeights = new Map([...weights, ...averages]);
    this.state = new Map([
      ["progress", progress],
      ["polyak", polyak],
      ...named("m", first),
      ...named("v", second),
      ...named("iterate", iterates),
    ]);
  }
}

/** What Polyak's step is found from, and where it goes: see schedule_free_plus_step.wgsl. */
interface PolyakStep {
  progress: Tensor;
  loss: Tensor;
  rate: Tensor;
  polyak: Tensor;
  factors: Tensor;
}

/** Appends the sums of the step over all parameters, and the step. */
function takePolyakStep(
  target: OptimizerTarget,
  plan: Plan,
  maps: readonly TensorMap[],
  { progress, loss, rate, polyak, factors }: PolyakStep,
  { interpolation = [0.9, 0.965], annealing = 0, normDecay = 0, warmup = 0 }:
    ScheduleFreePlusOptions,
): void {
  const { gpu, gradients } = target;
  const spans = spansOf(gpu, trainable(target), [gradients, ...maps]);
  const groups = spans.map(({ tensors: [{ size }] }) => Math.ceil(size / SHARE));
  const count = groups.reduce((a, b) => a + b, 0);
  const sums = gpu.tensor("polyak sums", [count, 2]);
  plan.own(sums);
  const constants = { THREADS: rowThreads(gpu) };
  const sum = gpu.kernel("schedule_free_plus_sums", sumsSource, constants, WORKGROUP_SUM);
  let first = 0;
  for (const [i, { tensors }] of spans.entries()) {
    plan.dispatch(sum, [groups[i]], [tensors[0].size, SHARE, first], [...tensors, sums]);
    first += groups[i];
  }
  plan.dispatch(
    gpu.kernel("schedule_free_plus_step", stepSource, constants, WORKGROUP_SUM),
    [1],
    [
      count,
      f32(interpolation[0]),
      f32(interpolation[1]),
      f32(annealing),
      f32(normDecay),
      f32(warmup),
    ],
    [progress, rate, loss, sums, polyak, factors],
  );
}
