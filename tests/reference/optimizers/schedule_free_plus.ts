import { type ParameterSpec, sizeOf } from "../../../src/model/parameters.ts";
import type { Tensors } from "../gpt2.ts";

/** The settings of ScheduleFree+. */
export interface ScheduleFreePlusOptions {
  /** Decay of matrices and embeddings, by the square of the step. @default 0 */
  weightDecay?: number;
  /** b at first, and after so many steps. @default [0.9, 0.965] */
  interpolation?: [number, number];
  /** @default 0: b stays what it is */
  annealing?: number;
  /** Steps at first in which the average is the iterate. @default 0 */
  warmup?: number;
  /** Decay of the average of the gradient's norm. @default 0 */
  normDecay?: number;
}

/** ScheduleFree+ (Defazio 2026, arXiv:2605.19095) in float64, with AdamW's betas 0.9 and 0.95. */
export class ScheduleFreePlus {
  /** x, the average of the iterates. */
  readonly average: Tensors;
  readonly #iterate: Tensors;
  readonly #m: Tensors = new Map();
  readonly #v: Tensors = new Map();
  readonly #table: ParameterSpec[];
  readonly #options: Required<ScheduleFreePlusOptions>;
  #step = 0;
  #norm = 0;
  #largest = 0;
  #weights = 0;

  constructor(table: ParameterSpec[], initial: Tensors, options: ScheduleFreePlusOptions = {}) {
    this.#table = table.filter((spec) => spec.trainable);
    this.#options = {
      ...{ weightDecay: 0, interpolation: [0.9, 0.965], annealing: 0, normDecay: 0, warmup: 0 },
      ...options,
    };
    this.average = new Map([...initial].map(([name, values]) => [name, values.slice()]));
    this.#iterate = new Map([...initial].map(([name, values]) => [name, values.slice()]));
    for (const { name, shape } of this.#table) {
      this.#m.set(name, new Float64Array(sizeOf(shape)));
      this.#v.set(name, new Float64Array(sizeOf(shape)));
    }
  }

  /** Moves the trainable parameters, where gradients are taken, in place. */
  step(parameters: Tensors, gradients: Tensors, loss: number): void {
    const t = ++this.#step;
    const b = this.#interpolation(t - 1);
    const alpha = this.#polyakStep(gradients, loss, b);
    this.#largest = Math.max(this.#largest, alpha);
    const isWarm = t > this.#options.warmup;
    if (isWarm) this.#weights += this.#largest ** 2;
    const c = isWarm ? this.#largest ** 2 / this.#weights : 1;
    for (const { name, role } of this.#table) {
      const decay = role === "embedding" || role === "matrix" ? this.#options.weightDecay : 0;
      const [y, g, x] = [parameters, gradients, this.average].map((map) => map.get(name)!);
      const [z, m, v] = [this.#iterate, this.#m, this.#v].map((map) => map.get(name)!);
      for (let i = 0; i < y.length; i++) {
        m[i] = 0.9 * m[i] + 0.1 * g[i];
        v[i] = 0.95 * v[i] + 0.05 * g[i] ** 2;
        const adam = m[i] / (1 - 0.9 ** t) / (Math.sqrt(v[i] / (1 - 0.95 ** t)) + 1e-8);
        z[i] -= alpha ** 2 * decay * y[i] + alpha * adam;
        x[i] = (1 - c) * x[i] + c * z[i];
        y[i] = b * x[i] + (1 - b) * z[i];
      }
    }
  }

  #interpolation(steps: number): number {
    const { interpolation: [first, last], annealing } = this.#options;
    if (annealing === 0) return first;
    const part = Math.min(1, steps / annealing);
    return 1 - (1 - first) ** (1 - part) * (1 - last) ** part;
  }

  #polyakStep(gradients: Tensors, loss: number, b: number): number {
    const { normDecay } = this.#options;
    let [norm, inner] = [0, 0];
    for (const { name } of this.#table) {
      const [z, x] = [this.#iterate.get(name)!, this.average.get(name)!];
      gradients.get(name)!.forEach((g, i) => {
        norm += Math.abs(g);
        inner += g * (z[i] - x[i]);
      });
    }
    this.#norm = normDecay * this.#norm + (1 - normDecay) * Math.sqrt(Math.PI / 2) * norm;
    return Math.max(0, loss + b * inner) / (this.#norm / (1 - normDecay ** this.#step));
  }
}
