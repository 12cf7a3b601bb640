import { type ParameterSpec, sizeOf } from "../../../src/model/parameters.ts";
import type { Tensors } from "../gpt2.ts";

/** The settings of SGD. */
export interface SgdOptions {
  /** Learning rate. */
  lr: number;
  /** Decay of the velocity. @default 0.9 */
  momentum?: number;
}

/** Stochastic gradient descent with momentum in float64: v ← momentum · v + g; W ← W - lr · v. */
export class Sgd {
  readonly #table: ParameterSpec[];
  readonly #options: Required<SgdOptions>;
  readonly #v: Tensors = new Map();

  constructor(table: ParameterSpec[], options: SgdOptions) {
    this.#table = table.filter((spec) => spec.trainable);
    this.#options = { momentum: 0.9, ...options };
    for (const { name, shape } of this.#table) {
      this.#v.set(name, new Float64Array(sizeOf(shape)));
    }
  }

  /** Moves the trainable parameters, in place. */
  step(parameters: Tensors, gradients: Tensors): void {
    const { lr, momentum } = this.#options;
    for (const { name } of this.#table) {
      const W = parameters.get(name)!;
      const g = gradients.get(name)!;
      const v = this.#v.get(name)!;
      for (let i = 0; i < W.length; i++) {
        v[i] = momentum * v[i] + g[i];
        W[i] -= lr * v[i];
      }
    }
  }
}
