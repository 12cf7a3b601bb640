import type { LossPoint } from "./chart.ts";

/** The most points that are kept of a curve: several times the pixels that a chart is wide. */
const LIMIT = 4096;

/** The losses of a run of any length, as many of them as a chart has use for. */
export class LossHistory {
  readonly #training = new ThinnedSeries();
  readonly #validation = new ThinnedSeries();

  /** Adds the losses of the next step. */
  add({ step, loss, val_loss, eta }: LossPoint): void {
    this.#training.add({ step, loss, eta });
    if (typeof val_loss === "number") this.#validation.add({ step, loss: NaN, val_loss });
  }

  /** Training losses, then validation losses, each in the order of the steps. */
  get points(): LossPoint[] {
    return [...this.#training.points, ...this.#validation.points];
  }
}

/** Every n-th point, for as small an n as the limit allows, and the last one. */
class ThinnedSeries {
  #kept: LossPoint[] = [];
  #last: LossPoint[] = [];
  #count = 0;
  #n = 1;

  add(point: LossPoint): void {
    const isKept = this.#count++ % this.#n === 0;
    this.#last = isKept ? [] : [point];
    if (!isKept) return;
    this.#kept.push(point);
    if (this.#kept.length <= LIMIT) return;
    this.#kept = this.#kept.filter((_, i) => i % 2 === 0);
    this.#n *= 2;
  }

  get points(): LossPoint[] {
    return [...this.#kept, ...this.#last];
  }
}
