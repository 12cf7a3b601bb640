import { fileError } from "../../files/file_error.ts";
import { removeFile } from "../../files/create_file.ts";
import { replaceFile } from "../../files/replace_file.ts";
import { writeAll, writeAllSync } from "../../files/transfer.ts";
import type { StepMetrics } from "../metrics.ts";
import type { Sample } from "../sample_log.ts";
import { scalarEvent, textEvent, versionEvent } from "./event.ts";
import { record } from "./record.ts";

/** Our event files: TensorBoard looks for `tfevents`, and others for the time after it. */
const OURS = /^events\.out\.tfevents\.\d+\.gpt2$/;

/** A run's steps and samples for TensorBoard, beside its `metrics.jsonl`. */
export class EventFile implements Disposable {
  readonly #path: string;
  readonly #file: Deno.FsFile;
  readonly #now: () => number;

  private constructor(path: string, file: Deno.FsFile, now: () => number) {
    this.#path = path;
    this.#file = file;
    this.#now = now;
  }

  /**
   * Writes what a run has done so far, in place of what an event file of it says, and goes on from
   * there: what was recorded after the checkpoint that it goes on from is in none of its logs.
   *
   * @param now Milliseconds since 1970.
   * @throws {UserError} If the directory cannot be written.
   */
  static async open(
    directory: string,
    { steps, samples }: { steps: readonly StepMetrics[]; samples: readonly Sample[] },
    now: () => number = Date.now,
  ): Promise<EventFile> {
    await removeOld(directory);
    const path = `${directory}/events.out.tfevents.${Math.floor(now() / 1000)}.gpt2`;
    const last = steps.at(-1)?.seconds ?? 0;
    // When a step was done is not in the log, but how long before the last one.
    const timeOf = (seconds = last) => now() / 1000 - (last - seconds);
    await replaceFile(path, async (file) => {
      await writeAll(file, record(versionEvent(timeOf(0))));
      for (const step of steps) {
        await writeAll(file, record(scalarEvent(timeOf(step.seconds), step)));
      }
      for (const sample of samples) {
        const seconds = steps.find(({ step }) => step === sample.step)?.seconds;
        await writeAll(file, record(textEvent(timeOf(seconds), sample)));
      }
    });
    try {
      return new EventFile(path, await Deno.open(path, { append: true }), now);
    } catch (error) {
      throw fileError(error, `${path}: cannot write`);
    }
  }

  /** @throws {UserError} If the file cannot be written. */
  addStep(metrics: StepMetrics): void {
    this.#append(scalarEvent(this.#now() / 1000, metrics));
  }

  /** @throws {UserError} If the file cannot be written. */
  addSample(sample: Sample): void {
    this.#append(textEvent(this.#now() / 1000, sample));
  }

  #append(event: Uint8Array): void {
    try {
      writeAllSync(this.#file, record(event));
    } catch (error) {
      throw fileError(error, `${this.#path}: cannot write`);
    }
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}

async function removeOld(directory: string): Promise<void> {
  for (const { name } of Deno.readDirSync(directory)) {
    if (!OURS.test(name)) continue;
    try {
      await removeFile(`${directory}/${name}`);
    } catch (error) {
      throw fileError(error, `${directory}/${name}: cannot remove`);
    }
  }
}
