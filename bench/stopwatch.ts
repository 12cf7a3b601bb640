import type { Gpu } from "../src/gpu/gpu.ts";
import { median } from "./statistics.ts";

/** How long to measure. */
export interface StopwatchOptions {
  /** Each measurement is made of so many rounds. @default 5 */
  rounds?: number;
  /** What stands for the rounds. @default median */
  statistic?: (seconds: readonly number[]) => number;
  /** Work is repeated for so many seconds a round. @default 0.06 */
  seconds?: number;
  /** Fewer rounds are done where they would take more seconds than this. @default 4 */
  budget?: number;
}

/** What is submitted to the GPU; it returns before it is done. */
export type Work = () => void;

const MAX_RUNS = 2000;

/** Measures GPU work by the wall clock. */
export class Stopwatch {
  readonly #options: Required<StopwatchOptions>;

  private constructor(
    readonly gpu: Gpu,
    /** Milliseconds that waiting for no work takes, which is subtracted from other waits. */
    readonly latency: number,
    options: StopwatchOptions,
  ) {
    this.#options = { rounds: 5, statistic: median, seconds: 0.06, budget: 4, ...options };
  }

  static async open(gpu: Gpu, options: StopwatchOptions = {}): Promise<Stopwatch> {
    const waits: number[] = [];
    for (let i = 0; i < 7; i++) {
      gpu.device.queue.submit([gpu.device.createCommandEncoder().finish()]);
      const start = performance.now();
      await gpu.finish();
      waits.push(performance.now() - start);
    }
    return new Stopwatch(gpu, median(waits), options);
  }

  /** A stopwatch with other options. */
  with(options: StopwatchOptions): Stopwatch {
    return new Stopwatch(this.gpu, this.latency, { ...this.#options, ...options });
  }

  /** Seconds that one run takes of `runs` in a row. */
  async time(work: Work, runs = 1): Promise<number> {
    await this.gpu.finish();
    const start = performance.now();
    for (let i = 0; i < runs; i++) work();
    await this.gpu.finish();
    const elapsed = performance.now() - start - this.latency;
    return Math.max(elapsed, 1e-3) / 1000 / runs;
  }

  /**
   * Seconds that one run of each takes, by rounds in each of which all of them take their turn, so
   * that what else the machine does meanwhile hits them alike. A first run, which compiles, does
   * not count.
   */
  async measure(...works: readonly Work[]): Promise<number[]> {
    const { seconds, budget, statistic } = this.#options;
    const runs: number[] = [];
    let round = 0;
    for (const work of works) {
      await this.time(work);
      const once = await this.time(work);
      runs.push(Math.min(Math.max(Math.ceil(seconds / once), 1), MAX_RUNS));
      round += once * runs.at(-1)!;
    }
    const rounds = Math.min(Math.max(Math.floor(budget / round), 1), this.#options.rounds);
    const times: number[][] = works.map(() => []);
    for (let i = 0; i < rounds; i++) {
      for (const [w, work] of works.entries()) times[w].push(await this.time(work, runs[w]));
    }
    return times.map(statistic);
  }
}
