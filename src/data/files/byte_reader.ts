/** Reads exact numbers of bytes from chunks of any size. What it gives is valid until the next. */
export class ByteReader {
  /** The number of bytes read so far. */
  position = 0;
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #truncated: (position: number) => Error;
  #rest: Uint8Array = new Uint8Array();

  /** @param truncated Makes the error for bytes that end at a position where more are needed. */
  constructor(chunks: AsyncIterable<Uint8Array>, truncated: (position: number) => Error) {
    this.#chunks = chunks[Symbol.asyncIterator]();
    this.#truncated = truncated;
  }

  /** Whether all bytes are read. */
  async atEnd(): Promise<boolean> {
    while (this.#rest.length === 0) {
      const { done, value } = await this.#chunks.next();
      if (done) return true;
      this.#rest = value;
    }
    return false;
  }

  /** The bytes at hand: at least one, at most `max`. */
  async some(max: number): Promise<Uint8Array> {
    if (await this.atEnd()) throw this.#truncated(this.position);
    const part = this.#rest.subarray(0, max);
    this.#rest = this.#rest.subarray(part.length);
    this.position += part.length;
    return part;
  }

  /** The next `length` bytes. */
  async read(length: number): Promise<Uint8Array> {
    if (length <= this.#rest.length) {
      return length === 0 ? new Uint8Array() : await this.some(length);
    }
    const bytes = new Uint8Array(length);
    for (let filled = 0; filled < length;) {
      const part = await this.some(length - filled);
      bytes.set(part, filled);
      filled += part.length;
    }
    return bytes;
  }

  /** Leaves out the next `length` bytes. */
  async skip(length: number): Promise<void> {
    while (length > 0) length -= (await this.some(length)).length;
  }

  /** Takes back the last of the bytes that {@linkcode some} gave, to be read again. */
  unread(part: Uint8Array): void {
    const { buffer, byteOffset, length } = part;
    const whole = length + this.#rest.length;
    if (this.#rest.buffer === buffer && this.#rest.byteOffset === byteOffset + length) {
      this.#rest = new Uint8Array(buffer, byteOffset, whole); // as it was before
    } else {
      const rest = new Uint8Array(whole);
      rest.set(part);
      rest.set(this.#rest, length);
      this.#rest = rest;
    }
    this.position -= length;
  }

  /** Closes the source of the chunks. */
  async close(): Promise<void> {
    await this.#chunks.return?.();
  }
}
