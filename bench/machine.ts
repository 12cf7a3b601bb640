import { format } from "@std/fmt/bytes";
import { UserError } from "../src/errors.ts";
import type { Gpu } from "../src/gpu/gpu.ts";
import { Profile } from "../src/gpu/profile.ts";
import { canAllocate } from "../src/train/refusals.ts";
import { tune, type TuneOptions } from "../src/train/tune.ts";
import { measureTick } from "./timestamps.ts";
import { Stopwatch, type StopwatchOptions } from "./stopwatch.ts";

/** What is measured, and with what. */
export class Machine {
  private constructor(
    readonly gpu: Gpu,
    readonly stopwatch: Stopwatch,
    readonly tuning: TuneOptions,
    /** Nanoseconds of a timestamp's tick; undefined where there are no timestamps. */
    readonly tick: number | undefined,
  ) {}

  /** @param tuning How kernels are chosen before they are measured. */
  static async open(
    gpu: Gpu,
    options: StopwatchOptions = {},
    tuning: TuneOptions = {},
  ): Promise<Machine> {
    const stopwatch = await Stopwatch.open(gpu, options);
    return new Machine(gpu, stopwatch, tuning, await measureTick(stopwatch));
  }

  /** What measures by timestamps, where there are any. */
  profile(): Profile | undefined {
    return this.tick === undefined ? undefined : new Profile(this.gpu, 1e-9 * this.tick);
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
