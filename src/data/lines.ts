const NEWLINE = 10;

/** Cuts bytes into lines at `\n`, whatever the chunks that they come in. */
export class LineSplitter {
  readonly #limit: number;
  #held = new Uint8Array(1024); // the beginning of a line
  #length = 0;
  #isTooLong = false;

  /** @param limit The most bytes of a line, without its end. More than twice that is never held. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * The lines that end in a chunk, valid until the next one is asked for; undefined in place of a
   * line over the limit, as soon as it is.
   */
  *push(chunk: Uint8Array): Generator<Uint8Array | undefined> {
    for (let start = 0; start < chunk.length;) {
      const newline = chunk.indexOf(NEWLINE, start);
      const end = newline < 0 ? chunk.length : newline;
      const part = chunk.subarray(start, end);
      start = end + 1;
      if (!this.#isTooLong && this.#length + part.length > this.#limit) {
        this.#isTooLong = true;
        this.#length = 0;
        yield undefined;
      }
      if (newline < 0) {
        if (!this.#isTooLong) this.#hold(part);
      } else if (this.#isTooLong) this.#isTooLong = false;
      else if (this.#length === 0) yield part;
      else {
        this.#hold(part);
        yield this.#take();
      }
    }
  }

  /** The last line, if it has no end. */
  end(): Uint8Array | undefined {
    return this.#length > 0 ? this.#take() : undefined;
  }

  #hold(part: Uint8Array): void {
    const length = this.#length + part.length;
    if (length > this.#held.length) {
      const larger = new Uint8Array(Math.max(length, 2 * this.#held.length));
      larger.set(this.#held.subarray(0, this.#length));
      this.#held = larger;
    }
    this.#held.set(part, this.#length);
    this.#length = length;
  }

  #take(): Uint8Array {
    const line = this.#held.subarray(0, this.#length);
    this.#length = 0;
    return line;
  }
}
