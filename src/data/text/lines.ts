const NEWLINE = 10;

/** Lines are gathered to blocks of about this many bytes: enough to be worth a message. */
const BLOCK = 2 ** 18;

/**
 * Gathers bytes to blocks of whole lines, whatever the chunks that they come in. A block is at the
 * beginning of a buffer of its own, so that it can be moved to another thread.
 */
export class LineBlocks {
  /** Where the block given last begins in all of the bytes. */
  offset = 0;
  readonly #limit: number;
  /** Where the next one does. */
  #next = 0;
  #bytes: Uint8Array<ArrayBuffer>;
  #length = 0;
  #isTooLong = false;

  /** @param limit The most bytes of a line, without its end. */
  constructor(limit: number) {
    this.#limit = limit;
    this.#bytes = this.#buffer();
  }

  /**
   * The blocks that become full with a chunk. Each ends with a line's end. Only of a line over the
   * limit the first `limit + 1` bytes come as a block, as soon as they are there, and the rest is
   * dropped, with its end.
   */
  *push(chunk: Uint8Array): Generator<Uint8Array<ArrayBuffer>> {
    for (let at = 0; at < chunk.length;) {
      if (this.#isTooLong) {
        const end = endOfLine(chunk, at);
        this.#next += end - at;
        this.#isTooLong = chunk[end - 1] !== NEWLINE;
        at = end;
        continue;
      }
      const part = chunk.subarray(at, at + this.#bytes.length - this.#length);
      this.#bytes.set(part, this.#length);
      this.#length += part.length;
      at += part.length;
      if (this.#length < this.#bytes.length) return;
      const end = this.#bytes.lastIndexOf(NEWLINE) + 1;
      if (end > 0) yield this.#take(end);
      else if (this.#length <= this.#limit) this.#grow();
      else {
        this.#isTooLong = true;
        yield this.#take(this.#length);
      }
    }
  }

  /** The lines that are left, the last of which may have no end. */
  end(): Uint8Array<ArrayBuffer> | undefined {
    return this.#length > 0 ? this.#take(this.#length) : undefined;
  }

  /** The whole lines that are left. */
  whole(): Uint8Array<ArrayBuffer> | undefined {
    const end = this.#bytes.subarray(0, this.#length).lastIndexOf(NEWLINE) + 1;
    return end > 0 ? this.#take(end) : undefined;
  }

  #take(length: number): Uint8Array<ArrayBuffer> {
    const block = this.#bytes.subarray(0, length);
    const rest = this.#bytes.subarray(length, this.#length);
    this.#bytes = this.#buffer(rest.length);
    this.#bytes.set(rest);
    this.#length = rest.length;
    this.offset = this.#next;
    this.#next += length;
    return block;
  }

  #grow(): void {
    const larger = this.#buffer(2 * this.#length);
    larger.set(this.#bytes);
    this.#bytes = larger;
  }

  #buffer(least = 0): Uint8Array<ArrayBuffer> {
    return new Uint8Array(Math.min(Math.max(BLOCK, least), this.#limit + 1));
  }
}

/** The number of lines in some bytes, the last one with or without its end. */
export function countLines(bytes: Uint8Array): number {
  let count = 0;
  for (let at = 0; at < bytes.length; at = endOfLine(bytes, at)) count++;
  return count;
}

/** Where the line that begins at an index ends, its end included. */
export function endOfLine(bytes: Uint8Array, start: number): number {
  if (bytes[start] === NEWLINE) return start + 1; // sooner than it can be searched for
  return bytes.indexOf(NEWLINE, start) + 1 || bytes.length;
}

/** Whether there is nothing but ASCII's white space between two indices. */
export function isBlank(bytes: Uint8Array, start: number, end: number): boolean {
  while (start < end && isWhiteSpace(bytes[start])) start++;
  return start === end;
}

function isWhiteSpace(byte: number): boolean {
  return byte === 0x20 || byte >= 0x09 && byte <= 0x0d;
}
