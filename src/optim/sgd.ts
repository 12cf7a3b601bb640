import { f32, Plan } from "../gpu/plan.ts";
import { allocateLike, type TensorMap } from "../model/weights.ts";
import { elementwise } from "./elementwise.ts";
import { type Optimizer, type OptimizerTarget, trainable } from "./optimizer.ts";
import source from "../../wgsl/sgd.wgsl" with { type: "text" };

/** Settings of {@linkcode Sgd}. */
export interface SgdOptions {
  /** Step size; may be changed between steps. */
  learningRate: number;
  /** Decay of the velocity. @default 0.9 */
  momentum?: number;
}

/** Stochastic gradient descent with (heavy-ball) momentum. */
export class Sgd implements Optimizer {
  /** Step size; may be changed between steps. */
  learningRate: number;
  /** The weights themselves. */
  readonly evaluationWeights: TensorMap;
  readonly #target: OptimizerTarget;
  readonly #plan: Plan;
  readonly #velocity: TensorMap;
  readonly #scalars;

  /** Starts from the weights as they are. */
  constructor(target: OptimizerTarget, options: SgdOptions) {
    const { gpu, weights, gradients } = target;
    this.#target = target;
    this.learningRate = options.learningRate;
    this.evaluationWeights = weights;
    this.#scalars = gpu.tensor("sgd scalars", [1]);
    const specs = trainable(target);
    this.#velocity = allocateLike(gpu, specs, "sgd velocity");
    this.#plan = new Plan(gpu);
    for (const { name } of specs) {
      elementwise(
        gpu,
        this.#plan,
        ["sgd", source],
        [weights, gradients, this.#velocity].map((tensors) => tensors.get(name)!),
        [f32(options.momentum ?? 0.9)],
        [this.#scalars],
      );
    }
  }

  /** Submits one update of the weights from the gradients; returns at once. */
  step(): void {
    this.#target.gpu.write(this.#scalars, Float32Array.of(this.learningRate));
    this.#plan.run();
  }

  /** Frees the optimiser's state. */
  dispose(): void {
    this.#plan[Symbol.dispose]();
    this.#target.gpu.free(this.#scalars, ...this.#velocity.values());
  }
}
