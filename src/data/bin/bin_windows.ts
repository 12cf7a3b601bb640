import { UserError } from "../../errors.ts";
import { BinFile } from "./bin_file.ts";
import type { Shard } from "../files/shard.ts";
import type { Split } from "../text/split.ts";

/** The most files that are open at a time: systems allow a process as few as 256. */
const MOST_OPEN = 64;

/** Of files none of which is for validation by its name, 1 window in this many is. */
const VALIDATION = 20;

/**
 * Whether a file of tokens is for validation: if `val` or `validation` is a word of its name, as in
 * `val.bin` (nanoGPT), `fineweb_val_000000.bin` (llm.c).
 */
export function isValidationFile(name: string): boolean {
  return /(^|[^a-z])val(idation)?([^a-z]|$)/i.test(name.replace(/^.*[/\\]/, ""));
}

/**
 * The windows of context + 1 tokens of one part of token files, numbered in order of the files.
 * Each begins in its file `context` tokens after the one before, so that the last token of a window
 * is the first of the next. Tokens at the end of a file that fill no window are left out.
 *
 * Files that are for validation by their names make up the validation part, the others the training
 * part. If there are none of the former, the last 1 in 20 windows (rounded up) of all is for
 * validation.
 */
export class BinWindows implements Disposable {
  readonly #files: BinFile[] = [];
  /** Those that are open, the one that was used last at the end. */
  readonly #open = new Set<BinFile>();
  /** The number of windows before each file. */
  readonly #before: number[] = [];
  /** The number of the first window of the part. */
  #first = 0;
  /** The number of windows. */
  readonly count: number;

  /**
   * @throws {UserError} If a file cannot be opened or is no file of GPT-2 tokens, or the part is
   * shorter than one window.
   */
  constructor(shards: readonly Shard[], readonly context: number, split: Split) {
    const held = shards.filter(({ name }) => isValidationFile(name));
    const rest = shards.filter(({ name }) => !isValidationFile(name));
    if (rest.length === 0) {
      throw new UserError(
        `${held[0].name} is for validation by its name; add training data or rename it`,
        "DATA",
      );
    }
    let count = 0;
    try {
      for (const shard of held.length > 0 && split === "validation" ? held : rest) {
        const file = BinFile.open(shard);
        this.#files.push(file);
        this.#use(file);
        this.#before.push(count);
        count += Math.floor((file.count - 1) / context);
      }
      if (held.length === 0) {
        const heldOut = Math.ceil(count / VALIDATION);
        if (split === "validation") this.#first = count - heldOut;
        count = split === "validation" ? heldOut : count - heldOut;
      }
      if (count === 0) throw tooShort(this.#files, context, split);
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
    this.count = count;
  }

  /**
   * Reads a window.
   *
   * @param tokens Of context + 1 elements; filled.
   * @throws {UserError} If there is a number among them that is no token.
   */
  read(window: number, tokens: Uint16Array): void {
    const { file, first } = this.#place(window);
    this.#use(file);
    file.read(first, tokens);
  }

  /** Sees to it that no more than some are open when a file is. */
  #use(file: BinFile): void {
    this.#open.delete(file);
    this.#open.add(file);
    if (this.#open.size <= MOST_OPEN) return;
    const [oldest] = this.#open;
    this.#open.delete(oldest);
    oldest[Symbol.dispose]();
  }

  /** Where one of a window's tokens is stored, for an error. */
  describe(window: number, index: number): string {
    const { file, first } = this.#place(window);
    return `byte ${file.offset(first + index)} of ${file.name}`;
  }

  #place(window: number): { file: BinFile; first: number } {
    const number = this.#first + window;
    let [low, high] = [0, this.#files.length - 1]; // the last file with no more before it
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#before[middle] <= number) low = middle;
      else high = middle - 1;
    }
    return { file: this.#files[low], first: (number - this.#before[low]) * this.context };
  }

  [Symbol.dispose](): void {
    for (const file of this.#open) file[Symbol.dispose]();
    this.#open.clear();
  }
}

function tooShort(files: BinFile[], context: number, split: Split): UserError {
  const longest = files.reduce((a, b) => a.count >= b.count ? a : b);
  return new UserError(
    `the ${split} part is shorter than one window of ${context + 1} tokens (${longest.name} has ` +
      `${longest.count}); add data or choose a shorter context`,
    "DATA",
  );
}
