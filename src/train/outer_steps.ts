import type { Tensor } from "../gpu/tensor.ts";
import type { Gpt2 } from "../model/gpt2.ts";
import type { LocalSteps } from "../optim/local_steps.ts";
import type { DataParallel } from "./data_parallel.ts";

/**
 * Brings processes together again that take steps by themselves. All call the same methods, after
 * the same steps.
 */
export class OuterSteps {
  readonly #model: Gpt2;
  readonly #local: LocalSteps;
  readonly #every: number;
  readonly #parallel: DataParallel | undefined;

  /**
   * Connects them.
   *
   * @param every After how many steps of each process an outer one is due.
   * @param parallel The others, if there are any.
   */
  constructor(model: Gpt2, local: LocalSteps, every: number, parallel?: DataParallel) {
    this.#model = model;
    this.#local = local;
    this.#every = every;
    this.#parallel = parallel;
  }

  /** Of what a step gave in each process the mean loss, and whether all skipped it. */
  async overall<Result extends { loss: number; skipped: boolean }>(
    result: Result,
  ): Promise<Result> {
    if (!this.#parallel) return result;
    const { loss, skipped } = result;
    const [mean, all] = await this.#parallel.mean(Promise.resolve([loss, Number(skipped)]));
    return { ...result, loss: mean, skipped: all === 1 };
  }

  /**
   * Takes the outer step, if one is due.
   *
   * @param isPause Whether to take it in any case, and to average the optimiser's state and the
   * weights to evaluate too, so that what is evaluated and saved is everybody's.
   */
  async synchronize(isPause: boolean): Promise<void> {
    const [local, parallel] = [this.#local, this.#parallel];
    if (parallel) parallel.waitMs = 0;
    if (local.taken === 0 || !isPause && local.taken < this.#every) return;
    const movement = local.movement();
    if (parallel) await parallel.sumGradients(movement, () => Promise.resolve(0));
    else Array.from(movement); // submits it
    local.outerStep();
    if (isPause) await this.#average();
  }

  /** Averages what is still each process's own. */
  async #average(): Promise<void> {
    const { weights } = this.#model;
    const { state, evaluationWeights } = this.#local;
    const averaged: Tensor[] = [];
    const others: Tensor[] = []; // counts, and scales
    for (const [name, tensor] of state) {
      const [part, ...parameter] = name.split(".");
      if (part === "outer_momentum") continue; // the same everywhere
      (weights.has(parameter.join(".")) ? averaged : others).push(tensor);
    }
    for (const [name, tensor] of evaluationWeights) {
      if (weights.get(name) !== tensor) averaged.push(tensor);
    }
    await this.#parallel?.average(averaged, others);
  }
}
