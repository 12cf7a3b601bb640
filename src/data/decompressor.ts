import { Buffer } from "node:buffer";
import type { InflateRaw, ZstdDecompress } from "node:zlib";

/** A decompressor of node:zlib, driven by hand: each push gives the bytes that it brought out. */
export class Decompressor {
  readonly #stream: InflateRaw | ZstdDecompress;
  #output: Uint8Array[] = [];
  #fail: (error: Error) => void = () => {};
  readonly #room: number | undefined;

  /**
   * @param room The stream's `chunkSize`, if no push will bring out as much. For zstd it is needed:
   * where the buffer of that size, which serves several pushes, becomes full, Deno 2.9 goes on in a
   * later turn of the event loop, and an error there is for nobody to catch.
   */
  constructor(stream: InflateRaw | ZstdDecompress, room?: number) {
    this.#stream = stream;
    this.#room = room;
    stream.on("data", (bytes: Buffer) => this.#output.push(bytes));
    stream.on("error", (error: Error) => this.#fail(error));
  }

  /** The number of bytes pushed that were part of the compressed data, which may end before. */
  get consumed(): number {
    return this.#stream.bytesWritten;
  }

  /** @throws {Error} node:zlib's, if the data is damaged. */
  push(bytes: Uint8Array): Promise<Uint8Array[]> {
    if (this.#room !== undefined && this.consumed > 0) {
      const empty = { _outBuffer: Buffer.allocUnsafe(this.#room), _outOffset: 0 };
      Object.assign(this.#stream, empty);
    }
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
