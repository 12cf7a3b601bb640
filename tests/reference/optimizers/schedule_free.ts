import type { Tensors } from "../gpt2.ts";

/**
 * An optimiser made schedule-free (Defazio et al. 2024, arXiv:2405.15682) in float64, at a learning
 * rate that does not change: the average of its iterates has equal parts of all. With `approach` as
 * in AMUSE (Kim et al. 2026, arXiv:2605.22432): at such a rate, of T_0 steps of warm-up,
 * 1 - b = ((T_0 - 1) / (t - 1))^approach (1 - b_0).
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
    readonly approach = 0,
    readonly warmup = 1,
  ) {
    this.average = new Map([...initial].map(([name, values]) => [name, values.slice()]));
    this.#iterate = new Map([...initial].map(([name, values]) => [name, values.slice()]));
  }

  /** Moves the parameters, where gradients are taken, in place. */
  step(parameters: Tensors, gradients: Tensors): void {
    this.inner.step(this.#iterate, gradients);
    const t = ++this.#step;
    const ratio = t <= this.warmup ? 1 : (this.warmup - 1) / (t - 1);
    const b = 1 - ratio ** this.approach * (1 - this.interpolation);
    for (const [name, y] of parameters) {
      const [x, z] = [this.average.get(name)!, this.#iterate.get(name)!];
      for (let i = 0; i < y.length; i++) {
        x[i] += (z[i] - x[i]) / t;
        y[i] = (1 - b) * z[i] + b * x[i];
      }
    }
  }
}
