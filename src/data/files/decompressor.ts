import type { Buffer } from "node:buffer";
import type { InflateRaw, ZstdDecompress } from "node:zlib";

/** A decompressor of node:zlib, driven by hand: each push gives the bytes that it brought out. */
export class Decompressor {
  readonly #stream: InflateRaw | ZstdDecompress;
  #output: Uint8Array[] = [];
  #fail: (error: Error) => void = () => {};
  readonly #room: Buffer | undefined;

  /**
   * @param room A buffer of the stream's `chunkSize`, if no push will bring out as much: each brings
   * it there, over what the one before did. For zstd it is needed: where the stream's own buffer,
   * which serves several pushes, becomes full, Deno 2.9 goes on in a later turn of the event loop,
   * and an error there is for nobody to catch.
   */
  constructor(stream: InflateRaw | ZstdDecompress, room?: Buffer) {
    this.#stream = stream;
    this.#room = room;
    stream.on("data", (bytes: Buffer) => this.#output.push(bytes));
    stream.on("error", (error: Error) => this.#fail(error));
  }

  /** The number of bytes pushed that were part of the compressed data, which may end before. */
  get consumed(): number {
    return this.#stream.bytesWritten;
  }

  /**
   * Begins anew, with other data, at a small part of what another decompressor would cost. Not where
   * more was pushed than was consumed.
   */
  restart(): void {
    (this.#stream as ZstdDecompress & Pick<InflateRaw, "reset">).reset(); // both have it
  }

  /** @throws {Error} node:zlib's, if the data is damaged. */
  push(bytes: Uint8Array): Promise<Uint8Array[]> {
    if (this.#room) Object.assign(this.#stream, { _outBuffer: this.#room, _outOffset: 0 });
    return new Promise((resolve, reject) => {
      this.#fail = reject;
      this.#stream.write(bytes, () => { // called on some errors too
        if (this.#stream.errored) return reject(this.#stream.errored);
        resolve(this.#output);
        this.#output = [];
      });
    });
  }

  close(): void {
    this.#stream.destroy();
  }
}
