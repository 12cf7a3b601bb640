import type { Tensors } from "../gpt2.ts";

/**
 * An optimiser made schedule-free (Defazio et al. 2024, arXiv:2405.15682) in float64, at a learning
 * rate that does not change: the average of its iterates has equal parts of all.
 */
export class ScheduleFree {
  /** x, the average of the iterates. */
  readonly average: Tensors;
  readonly #iterate: Tensors;
  #step = 0;

  constructor(
    initial: Tensors,
    readonly inner: { step(parameters: Tensors, gradients: Tensors): void },
    readonly interpolation = 0.9,
  ) {
    this.average = new Map([...initial].map(([name, values]) => [name, values.slice()]));
    this.#iterate = new Map([...initial].map(([name, values]) => [name, values.slice()]));
  }

  /** Moves the parameters, where gradients are taken, in place. */
  step(parameters: Tensors, gradients: Tensors): void {
    this.inner.step(this.#iterate, gradients);
    this.#step++;
    for (const [name, y] of parameters) {
      const [x, z] = [this.average.get(name)!, this.#iterate.get(name)!];
      for (let i = 0; i < y.length; i++) {
        x[i] += (z[i] - x[i]) / this.#step;
        y[i] = (1 - this.interpolation) * z[i] + this.interpolation * x[i];
      }
    }
  }
}
