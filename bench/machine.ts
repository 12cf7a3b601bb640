import type { Gpu } from "../src/gpu/gpu.ts";
import { tune, type TuneOptions } from "../src/train/tune.ts";
import { Stopwatch, type StopwatchOptions } from "./stopwatch.ts";

/** What is measured, and with what. */
export class Machine {
  private constructor(
    readonly gpu: Gpu,
    readonly stopwatch: Stopwatch,
    readonly tuning: TuneOptions,
  ) {}

  /** @param tuning How kernels are chosen before they are measured. */
  static async open(
    gpu: Gpu,
    options: StopwatchOptions = {},
    tuning: TuneOptions = {},
  ): Promise<Machine> {
    return new Machine(gpu, await Stopwatch.open(gpu, options), tuning);
  }

  /** Finds the fastest kernels for what will be built, as training does. */
  async tune(build: () => unknown): Promise<void> {
    await tune(this.gpu, () => this.gpu.measure(build), this.tuning);
  }
}
