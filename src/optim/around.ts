import type { Plan } from "../gpu/plan.ts";
import type { Tensor } from "../gpu/tensor.ts";
import type { TensorMap } from "../model/weights.ts";
import type { Norms, Optimizer } from "./optimizer.ts";

/** An optimiser around another one, which is as that is but for what it changes. */
export abstract class OptimizerAround implements Optimizer {
  /** Tells its state from another optimiser's. */
  abstract readonly kind: string;
  /** That of both. */
  abstract readonly state: TensorMap;
  /** The optimiser within. */
  protected readonly inner: Optimizer;
  /** Its own, freed with it. */
  readonly #plans: readonly Plan[];

  /**
   * Takes both over.
   *
   * @param inner The optimiser within.
   * @param plans Its own, freed with it.
   */
  constructor(inner: Optimizer, plans: readonly Plan[]) {
    this.inner = inner;
    this.#plans = plans;
  }

  /** Submits one update of the weights from the gradients. */
  abstract step(): void | Promise<number>;

  /** Those of the optimiser within. */
  get evaluationWeights(): TensorMap {
    return this.inner.evaluationWeights;
  }

  /** That of the optimiser within. */
  get summary(): Tensor | undefined {
    return this.inner.summary;
  }

  /** The one within's, if it measures any. */
  get norms(): (() => Promise<Norms>) | undefined {
    return this.inner.norms?.bind(this.inner);
  }

  /** Those of the optimiser within, and its own. */
  get plans(): readonly Plan[] {
    return [...this.inner.plans ?? [], ...this.#plans];
  }

  /** How the one within shares its work out. */
  get sharing(): string | undefined {
    return this.inner.sharing;
  }

  /** That of the optimiser within; may be changed between steps. */
  get learningRate(): number | undefined {
    return this.inner.learningRate;
  }

  set learningRate(value: number | undefined) {
    this.inner.learningRate = value;
  }

  /** Frees the state of both. */
  [Symbol.dispose](): void {
    for (const plan of this.#plans) plan[Symbol.dispose]();
    this.inner[Symbol.dispose]();
  }
}
