import { createFileSync } from "../../files/create_file.ts";
import { writeAllSync } from "../../files/transfer.ts";
import { BIN_HEADER, BIN_MAGIC, BIN_VERSION } from "./bin_file.ts";

/** The most tokens of a file: those that the header can count. */
export const MOST_TOKENS = 2 ** 31 - 1;

/** Tokens collected before they are written: 512 kB. */
const BUFFERED = 2 ** 18;

/**
 * Writes a file of GPT-2 tokens in llm.c's layout (see {@linkcode BinFile}). Until it is finished
 * its header is all zeros, which no reader takes for a whole file.
 */
export class BinWriter implements Disposable {
  readonly #file: Deno.FsFile;
  readonly #buffer = new Uint16Array(BUFFERED);
  #buffered = 0;
  #count = 0;

  /** @param path Of the file, which is created, in place of another or a link. */
  constructor(readonly path: string) {
    this.#file = createFileSync(path);
    writeAllSync(this.#file, new Uint8Array(BIN_HEADER));
  }

  /** The number of tokens so far. */
  get count(): number {
    return this.#count;
  }

  /**
   * Appends GPT-2 tokens.
   *
   * @throws {RangeError} If there are more than the header can count, 2^31 - 1.
   */
  write(tokens: ArrayLike<number>): void {
    this.#count += tokens.length;
    if (this.#count > MOST_TOKENS) {
      throw new RangeError(`${this.path} cannot hold more than ${MOST_TOKENS} tokens`);
    }
    for (let at = 0; at < tokens.length;) {
      const end = Math.min(tokens.length, at + BUFFERED - this.#buffered);
      while (at < end) this.#buffer[this.#buffered++] = tokens[at++];
      if (this.#buffered === BUFFERED) this.#flush();
    }
  }

  /** Completes the file and waits until it is on the disk. */
  finish(): void {
    this.#flush();
    this.#file.seekSync(0, Deno.SeekMode.Start);
    writeAllSync(this.#file, Int32Array.of(BIN_MAGIC, BIN_VERSION, this.#count));
    this.#file.syncSync();
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }

  #flush(): void {
    writeAllSync(this.#file, this.#buffer.subarray(0, this.#buffered));
    this.#buffered = 0;
  }
}
