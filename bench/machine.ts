import { format } from "@std/fmt/bytes";
import { UserError } from "../src/errors.ts";
import type { Gpu } from "../src/gpu/gpu.ts";
import { canAllocate } from "../src/train/dry_run.ts";
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

  /**
   * Makes sure that what will be built fits, and finds the fastest kernels for it, as training does.
   *
   * @throws {UserError} If it does not fit.
   */
  async prepare(build: () => unknown): Promise<void> {
    const { bytes, refusal } = this.gpu.measure(build);
    if (refusal !== undefined) throw new UserError(refusal);
    if (!await canAllocate(this.gpu, bytes)) {
      throw new UserError(`it takes ${format(bytes, { binary: true })}, which is not free`);
    }
    await tune(this.gpu, () => this.gpu.measure(build), this.tuning);
  }
}
