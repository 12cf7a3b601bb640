import type { Found } from "./discover.ts";
import { below } from "./inside.ts";
import { LogIndex } from "./log_index.ts";
import { type Range, RunSeries } from "./series.ts";
import { Tail } from "./tail.ts";

/** Bytes of a log that are read at a time. */
const CHUNK = 1 << 20;

/** The curves of a run, as far as its log was read. */
export class RunCurves {
  readonly series = new RunSeries();
  readonly #index = new LogIndex();
  readonly #log: readonly [root: string, relative: string];
  readonly #tail: Tail;
  #reading: Promise<void> | undefined;

  /** Those of a run that was found. */
  constructor({ root, relative }: Found) {
    this.#log = [root, below(relative, "metrics.jsonl")];
    this.#tail = new Tail(...this.#log, { chunk: CHUNK });
  }

  /** Reads what is new; a long log takes some seconds, and what is read so far is there meanwhile. */
  read(): Promise<void> {
    this.#reading ??= this.#tail.read((line) => {
      const { skipped } = this.series;
      const place = this.series.addLine(line);
      if (place) this.#index.add({ offset: this.#tail.offset, place, skipped });
    }, () => {
      this.series.reset();
      this.#index.clear();
    }).finally(() => this.#reading = undefined);
    return this.#reading;
  }

  /**
   * Reads a part again, which has more points than it has of the whole.
   *
   * @param signal Ends it early.
   * @throws {DOMException} If it is ended.
   */
  async part(range: Range, signal: AbortSignal): Promise<RunSeries> {
    const { from, to, skipped } = this.#index.around(range);
    const part = new RunSeries({ range, skipped });
    const tail = new Tail(...this.#log, { chunk: CHUNK, from, to });
    await tail.read((line) => {
      signal.throwIfAborted();
      part.addLine(line);
    }, () => {});
    return part;
  }
}
