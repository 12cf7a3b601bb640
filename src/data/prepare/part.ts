import { removeFileSync } from "../../files/create_file.ts";
import { BinWriter } from "../bin/bin_writer.ts";
import type { ShardFiles } from "./record.ts";
import type { Split } from "../text/split.ts";

/**
 * Writes the tokens of one part of a shard: under temporary names, into as many files as they take,
 * none if there are none.
 */
export class PartWriter implements Disposable {
  /** The number of tokens so far. */
  count = 0;
  readonly #files: ShardFiles;
  readonly #split: Split;
  #writer: BinWriter | undefined;
  /** How many files there are, the last one open. */
  #opened = 0;

  constructor(files: ShardFiles, split: Split) {
    this.#files = files;
    this.#split = split;
  }

  /** Appends GPT-2 tokens. */
  write(tokens: Uint16Array): void {
    const { mostTokens } = this.#files;
    for (let at = 0; at < tokens.length;) {
      if (!this.#writer || this.#writer.count === mostTokens) this.#next();
      const { count } = this.#writer!;
      const some = tokens.subarray(at, at + mostTokens - count);
      this.#writer!.write(some);
      this.count += some.length;
      at += some.length;
    }
  }

  /** Waits until all is on the disk; after this nothing can be written. */
  finish(): void {
    this.#writer?.finish();
    this.#close();
  }

  /** Gives the files their names, and removes those that were there before and are not replaced. */
  publish(): void {
    for (let number = 0; number < this.#opened; number++) {
      const path = this.#path(number);
      Deno.renameSync(temporary(path), path);
    }
    for (let number = this.#opened; removeFileSync(this.#path(number));) number++;
  }

  /** Removes what has not been published. */
  [Symbol.dispose](): void {
    this.#close();
    for (let number = 0; number < this.#opened; number++) {
      removeFileSync(temporary(this.#path(number)));
    }
  }

  #next(): void {
    this.finish();
    this.#writer = new BinWriter(temporary(this.#path(this.#opened)));
    this.#opened++;
  }

  #close(): void {
    this.#writer?.[Symbol.dispose]();
    this.#writer = undefined;
  }

  #path(number: number): string {
    return this.#files.tokens(this.#split, number);
  }
}

/** What a file is called until it is whole. */
export const temporary = (path: string) => `${path}.tmp`;
