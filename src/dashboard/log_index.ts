import { type Place, placeOn, type Range } from "./series.ts";

/** Bytes between marks, at least. */
const APART = 1 << 20;

/** A line of a log. */
interface Mark {
  /** Where it begins, in bytes, or at most as much before as is read at a time. */
  offset: number;
  place: Place;
  /** Steps that were skipped before it. */
  skipped: number;
}

/** Where in a log which steps are, about. */
export class LogIndex {
  readonly #marks: Mark[] = [];

  /** Takes the next line, and remembers a few. */
  add(mark: Mark): void {
    const last = this.#marks.at(-1);
    if (!last || mark.offset - last.offset >= APART) this.#marks.push(mark);
  }

  /** The bytes that hold a part of the log, and the steps that were skipped before them. */
  around({ x, from, to }: Range): { from: number; to: number; skipped: number } {
    const at = ({ place }: Mark) => placeOn(place, x);
    const first = this.#marks.findLast((mark) => (at(mark) ?? Infinity) <= from) ??
      { offset: 0, skipped: 0 };
    const after = this.#marks.find((mark) => (at(mark) ?? -Infinity) > to);
    return { from: first.offset, to: after?.offset ?? Infinity, skipped: first.skipped };
  }

  /** Forgets all: another file took the log's place. */
  clear(): void {
    this.#marks.length = 0;
  }
}
