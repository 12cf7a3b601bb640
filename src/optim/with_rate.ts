import type { Gpu } from "../gpu/gpu.ts";
import { Plan } from "../gpu/plan.ts";
import type { Tensor } from "../gpu/tensor.ts";
import type { TensorMap } from "../model/weights.ts";
import type { Optimizer } from "./optimizer.ts";

/** An optimiser of which each step runs one plan, with a learning rate that is set from outside. */
export abstract class OptimizerWithRate implements Optimizer {
  /** Step size; may be changed between steps. */
  learningRate: number;
  /** Tells its state from another optimiser's. */
  abstract readonly kind: string;
  /** What the next step depends on besides the weights. */
  abstract readonly state: TensorMap;
  /** The weights to evaluate, sample and save. */
  abstract readonly evaluationWeights: TensorMap;
  /** (1): 1 if the last step was skipped, else 0. */
  abstract readonly summary: Tensor;
  /** What a step runs, to be filled; owns what is freed with the optimiser. */
  protected readonly plan: Plan;
  /** (1): the learning rate, where kernels find it. */
  protected readonly rate: Tensor;
  readonly #gpu: Gpu;

  /** Begins with an empty plan. */
  constructor(gpu: Gpu, learningRate: number) {
    this.#gpu = gpu;
    this.learningRate = learningRate;
    this.plan = new Plan(gpu);
    this.rate = gpu.tensor("learning rate", [1]);
    this.plan.own(this.rate);
  }

  /** Submits one update of the weights from the gradients; returns at once. */
  step(): void {
    this.#gpu.write(this.rate, Float32Array.of(this.learningRate));
    this.plan.run();
  }

  /** That of its step. */
  get plans(): readonly Plan[] {
    return [this.plan];
  }

  /** Frees the optimiser's state. */
  [Symbol.dispose](): void {
    this.plan[Symbol.dispose]();
  }
}
