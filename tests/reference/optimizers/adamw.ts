import { type ParameterSpec, sizeOf } from "../../../src/model/parameters.ts";
import type { Tensors } from "../gpt2.ts";

/** The settings of AdamW. */
export interface AdamWOptions {
  /** Learning rate. */
  lr: number;
  /** Decays of the averages of the gradient and of its square. @default [0.9, 0.95] */
  betas?: [number, number];
  /** Added to the root of the averaged square. @default 1e-8 */
  epsilon?: number;
  /** Decay of embeddings and matrices per unit of learning rate. @default 0.1 */
  weightDecay?: number;
  /** The largest global 2-norm of the gradients. @default 1 */
  clip?: number;
}

/**
 * AdamW (Loshchilov and Hutter 2019, algorithm 2) in float64; biases and gains do not decay.
 * Gradients are clipped by their global norm (Pascanu et al. 2013, algorithm 1).
 */
export class AdamW {
  readonly #table: ParameterSpec[];
  readonly #options: Required<AdamWOptions>;
  readonly #m: Tensors = new Map();
  readonly #v: Tensors = new Map();
  #step = 0;

  constructor(table: ParameterSpec[], options: AdamWOptions) {
    this.#table = table.filter((spec) => spec.trainable);
    this.#options = { betas: [0.9, 0.95], epsilon: 1e-8, weightDecay: 0.1, clip: 1, ...options };
    for (const { name, shape } of this.#table) {
      this.#m.set(name, new Float64Array(sizeOf(shape)));
      this.#v.set(name, new Float64Array(sizeOf(shape)));
    }
  }

  /** Moves the trainable parameters, in place. */
  step(parameters: Tensors, gradients: Tensors): void {
    const { lr, betas: [beta1, beta2], epsilon, weightDecay, clip } = this.#options;
    this.#step++;
    const squares = this.#table.map(({ name }) =>
      gradients.get(name)!.reduce((sum, value) => sum + value ** 2, 0)
    );
    const norm = Math.sqrt(squares.reduce((a, b) => a + b, 0));
    const factor = norm > clip ? clip / norm : 1;
    for (const { name, role } of this.#table) {
      const decay = role === "embedding" || role === "matrix" ? weightDecay : 0;
      const W = parameters.get(name)!;
      const g = gradients.get(name)!.map((value) => factor * value);
      const m = this.#m.get(name)!;
      const v = this.#v.get(name)!;
      for (let i = 0; i < W.length; i++) {
        m[i] = beta1 * m[i] + (1 - beta1) * g[i];
        v[i] = beta2 * v[i] + (1 - beta2) * g[i] ** 2;
        const mean = m[i] / (1 - beta1 ** this.#step);
        const square = v[i] / (1 - beta2 ** this.#step);
        W[i] -= lr * (mean / (Math.sqrt(square) + epsilon) + decay * W[i]);
      }
    }
  }
}
