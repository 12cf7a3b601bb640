import { UsageError } from "../errors.ts";
import { f32 } from "../gpu/plan.ts";
import type { Tensor } from "../gpu/tensor.ts";
import { allocateLike, type TensorMap } from "../model/weights.ts";
import { guardStep } from "./guard.ts";
import { named, type OptimizerTarget, trainable } from "./optimizer.ts";
import { elementwise, spansOf } from "./spans.ts";
import { OptimizerWithRate } from "./with_rate.ts";
import source from "../../wgsl/optim/adamw.wgsl" with { type: "text" };

/** Settings of {@linkcode AdamW}. */
export interface AdamWOptions {
  /** Step size; may be changed between steps. */
  learningRate: number;
  /** Decay of the averages of the gradient and its square. @default [0.9, 0.95] */
  betas?: readonly [number, number];
  /** Keeps the division away from 0. @default 1e-8 */
  epsilon?: number;
  /** Decay of matrices and embeddings; vectors are not decayed. @default 0.1 */
  weightDecay?: number;
  /**
   * The largest global 2-norm of a step's gradients, all parameters' together: where it is
   * exceeded, all are scaled down to it (Pascanu et al. 2013). Infinity turns this off.
   * @default 1
   */
  clip?: number;
}

/**
 * AdamW (Loshchilov and Hutter 2019): Adam with decoupled weight decay, and with gradients clipped
 * by their global norm. The defaults are those that GPT-2 is commonly trained with.
 *
 * @example
 * ```ts
 * import { AdamW, Gpu, type OptimizerTarget } from "@agd/gpt2";
 *
 * using gpu = await Gpu.open();
 * const table = [{
 *   name: "weight",
 *   shape: [128, 512],
 *   role: "matrix",
 *   parts: 1,
 *   fanIn: 128,
 *   fanOut: 512,
 *   residual: false,
 *   trainable: true,
 * }] as const;
 * const tensors = () => new Map([["weight", gpu.tensor("weight", [128, 512])]]);
 * const target: OptimizerTarget = { gpu, table, weights: tensors(), gradients: tensors() };
 * using optimizer = new AdamW(target, { learningRate: 1e-3 });
 * gpu.write(target.gradients.get("weight")!, new Float32Array(128 * 512).fill(0.01));
 * optimizer.step();
 * console.log((await gpu.read(target.weights.get("weight")!))[0]); // below 0: downhill
 * ```
 */
export class AdamW extends OptimizerWithRate {
  /** Tells its state from another optimiser's. */
  readonly kind = "adamw";
  /** `progress`, and the averages of the gradient, `m`, and of its square, `v`. */
  readonly state: TensorMap;
  /** The weights themselves. */
  readonly evaluationWeights: TensorMap;
  /** (1): 1 if the last step was skipped, else 0. */
  readonly summary: Tensor;

  /**
   * Starts from the weights as they are.
   *
   * @throws {UsageError} If `clip` is not above 0.
   */
  constructor(target: OptimizerTarget, options: AdamWOptions) {
    const { betas = [0.9, 0.95], epsilon = 1e-8, weightDecay = 0.1, clip = 1 } = options;
    if (!(clip > 0)) {
      throw new UsageError(`clip must be above 0, not ${clip}: Infinity turns it off`);
    }
    const { gpu, weights, gradients } = target;
    super(gpu, options.learningRate);
    this.evaluationWeights = weights;
    const factor = gpu.tensorFrom("adamw clipping", [1], Float32Array.of(1));
    const specs = trainable(target);
    const [first, second] = ["adamw m", "adamw v"].map((label) => allocateLike(gpu, specs, label));
    const { plan } = this;
    const { summary, progress } = guardStep(target, plan, {
      decays: betas,
      clipping: clip < Infinity ? { norm: clip, factor } : undefined,
    });
    this.summary = summary;
    this.state = new Map([["progress", progress], ...named("m", first), ...named("v", second)]);
    plan.own(factor, ...first.values(), ...second.values());
    for (const [dimensions, decay] of [[2, weightDecay], [1, 0]]) {
      const alike = specs.filter(({ shape }) => shape.length === dimensions);
      elementwise(
        gpu,
        plan,
        ["adamw", source],
        [progress, this.rate, factor],
        spansOf(gpu, alike, [gradients, weights, first, second]),
        [f32(betas[0]), f32(betas[1]), f32(epsilon), f32(decay)],
        1,
      );
    }
  }
}
