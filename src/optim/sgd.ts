import { f32 } from "../gpu/plan.ts";
import type { Tensor } from "../gpu/tensor.ts";
import { allocateLike, type TensorMap } from "../model/weights.ts";
import { guardStep } from "./guard.ts";
import { named, type OptimizerTarget, trainable } from "./optimizer.ts";
import { elementwise, spansOf } from "./spans.ts";
import { OptimizerWithRate } from "./with_rate.ts";
import source from "../../wgsl/optim/sgd.wgsl" with { type: "text" };

/** Settings of {@linkcode Sgd}. */
export interface SgdOptions {
  /** Step size; may be changed between steps. */
  learningRate: number;
  /** Decay of the velocity. @default 0.9 */
  momentum?: number;
}

/**
 * Stochastic gradient descent with (heavy-ball) momentum.
 *
 * @example
 * ```ts
 * import { Sgd, Gpu, type OptimizerTarget } from "@agd/gpt2";
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
 * using optimizer = new Sgd(target, { learningRate: 0.1 });
 * gpu.write(target.gradients.get("weight")!, new Float32Array(128 * 512).fill(0.01));
 * optimizer.step();
 * console.log((await gpu.read(target.weights.get("weight")!))[0]); // below 0: downhill
 * ```
 */
export class Sgd extends OptimizerWithRate {
  /** Tells its state from another optimiser's. */
  readonly kind = "sgd";
  /** The velocity. */
  readonly state: TensorMap;
  /** The weights themselves. */
  readonly evaluationWeights: TensorMap;
  /** (1): 1 if the last step was skipped, else 0. */
  readonly summary: Tensor;

  /** Starts from the weights as they are. */
  constructor(target: OptimizerTarget, options: SgdOptions) {
    const { gpu, weights, gradients } = target;
    super(gpu, options.learningRate);
    this.evaluationWeights = weights;
    const specs = trainable(target);
    const velocity = allocateLike(gpu, specs, "sgd velocity");
    this.state = new Map(named("velocity", velocity));
    const { plan } = this;
    const { summary, progress } = guardStep(target, plan);
    this.summary = summary;
    plan.own(...velocity.values());
    elementwise(
      gpu,
      plan,
      ["sgd", source],
      [progress, this.rate],
      spansOf(gpu, specs, [gradients, weights, velocity]),
      [f32(options.momentum ?? 0.9)],
      1,
    );
  }
}
