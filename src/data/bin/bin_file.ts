import { UserError } from "../../errors.ts";
import { fileError } from "../../files/file_error.ts";
import { checkNotLfsPointer } from "../../files/lfs_pointer.ts";
import { readFullySync } from "../../files/transfer.ts";
import { checkHoldsTokens } from "./foreign_file.ts";
import { isUrl, type Shard } from "../files/shard.ts";
import { END_OF_TEXT, TOKEN_COUNT } from "../../tokens/tokenizer.ts";

/** The first number of llm.c's token files. As nanoGPT's, it would begin with no GPT-2 token. */
export const BIN_MAGIC = 20240520;
/** The second number of llm.c's token files. */
export const BIN_VERSION = 1;
/** The bytes of llm.c's header: 256 numbers of 32 bits, of which 3 are used. */
export const BIN_HEADER = 1024;

/** Tokens read at once by {@linkcode BinFile.chunks}: 2 MB. */
const CHUNK = 2 ** 20;

/**
 * A file of GPT-2 tokens, open for random access. Tokens are unsigned 16-bit numbers, little-endian:
 *
 * - llm.c's layout: a header of 256 32-bit numbers (20240520, version 1, the number of tokens, then
 *   zeros), then the tokens. {@linkcode BinWriter} writes it.
 * - nanoGPT's layout: nothing but the tokens. What only looks like it is found out by
 *   {@linkcode checkHoldsTokens}.
 *
 * Documents are separated by `<|endoftext|>`. llm.c's scripts put it before each document, nanoGPT's
 * and ours after each; in the middle of a file there is no difference, and a model sees the same but
 * for the first or last token of a file.
 */
export class BinFile implements Disposable {
  readonly #source: string;
  /** Undefined while it is closed. */
  #file: Deno.FsFile | undefined;
  /** Where the tokens begin, in bytes. */
  readonly #start: number;
  /** What the file was when it was opened first. */
  readonly #state: string;

  private constructor(
    /** What errors call it. */
    readonly name: string,
    source: string,
    file: Deno.FsFile,
    start: number,
    /** The number of tokens in the file. */
    readonly count: number,
  ) {
    this.#source = source;
    this.#file = file;
    this.#start = start;
    this.#state = stateOf(file);
  }

  /**
   * Opens a file and checks its size and header.
   *
   * @throws {UserError} If it cannot be opened or is no file of GPT-2 tokens.
   */
  static open({ name, source }: Shard): BinFile {
    if (isUrl(source)) {
      throw new UserError(`${name}: token files are read on disk; download it`, "DATA");
    }
    let file: Deno.FsFile | undefined;
    try {
      file = Deno.openSync(source);
      const { start, count } = readLayout(name, file);
      return new BinFile(name, source, file, start, count);
    } catch (error) {
      file?.close();
      throw fileError(error, `${name}: cannot read`);
    }
  }

  /**
   * Fills `tokens` with those from the file's token number `first` on. There must be that many. A
   * file that was closed is opened again.
   *
   * @throws {UserError} If a number is no GPT-2 token, or the file cannot be read or has changed.
   */
  read(first: number, tokens: Uint16Array): void {
    const bytes = new Uint8Array(tokens.buffer, tokens.byteOffset, tokens.byteLength);
    let length: number;
    try {
      const file = this.#file ??= this.#openAgain();
      file.seekSync(this.offset(first), Deno.SeekMode.Start);
      length = readFullySync(file, bytes);
    } catch (error) {
      throw fileError(error, `${this.name}: cannot read`);
    }
    if (length < bytes.length) {
      throw new UserError(`${this.name} has become shorter since it was opened`, "DATA");
    }
    const wrong = tokens.findIndex((token) => token >= TOKEN_COUNT);
    if (wrong >= 0) throw noToken(this.name, tokens[wrong], this.offset(first + wrong));
  }

  /** All tokens in order, in arrays of bounded length. */
  *chunks(): Generator<Uint16Array<ArrayBuffer>> {
    for (let first = 0; first < this.count; first += CHUNK) {
      const tokens = new Uint16Array(Math.min(CHUNK, this.count - first));
      this.read(first, tokens);
      yield tokens;
    }
  }

  /** The byte at which a token is stored. */
  offset(index: number): number {
    return this.#start + 2 * index;
  }

  /** Closes the file, until it is read again. */
  [Symbol.dispose](): void {
    this.#file?.close();
    this.#file = undefined;
  }

  #openAgain(): Deno.FsFile {
    using opened = new DisposableStack();
    const file = opened.use(Deno.openSync(this.#source));
    if (stateOf(file) !== this.#state) {
      throw new UserError(`${this.name} has changed since it was opened`, "DATA");
    }
    opened.move(); // it stays open
    return file;
  }
}

/** Its size and the time of its last change. */
function stateOf(file: Deno.FsFile): string {
  const { size, mtime } = file.statSync();
  return `${size} ${mtime?.getTime()}`;
}

/** Whether a file holds tokens, by its name. */
export function isBin({ name }: Shard): boolean {
  return name.endsWith(".bin");
}

/** Counts documents in tokens as they come: what is between `<|endoftext|>`s and not empty. */
export class DocumentCounter {
  /** The number of documents, the one under way included. */
  count = 0;
  #isOpen = false;

  /** Adds tokens. */
  push(tokens: Uint16Array): void {
    for (const token of tokens) {
      if (token === END_OF_TEXT) this.#isOpen = false;
      else if (!this.#isOpen) {
        this.#isOpen = true;
        this.count++;
      }
    }
  }
}

function readLayout(name: string, file: Deno.FsFile): { start: number; count: number } {
  const { size } = file.statSync();
  if (size === 0) throw new UserError(`${name} is empty; prepare or download it again`, "DATA");
  const header = new Int32Array(BIN_HEADER / 4);
  const length = readFullySync(file, new Uint8Array(header.buffer));
  checkNotLfsPointer(name, new Uint8Array(header.buffer, 0, length), "DATA");
  if (header[0] !== BIN_MAGIC) {
    checkNotLlmc(name, header[0]);
    const first = header[0] & 0xffff;
    if (length >= 2 && first >= TOKEN_COUNT) throw noToken(name, first, 0);
    if (size % 2 !== 0) {
      throw new UserError(`${name} ends at byte ${size}, inside a 16-bit token`, "DATA");
    }
    checkHoldsTokens(name, file, size);
    return { start: 0, count: size / 2 };
  }
  if (length < BIN_HEADER) {
    throw new UserError(`${name} ends at byte ${length}, inside its header`, "DATA");
  }
  const [, version, count] = header;
  if (version !== BIN_VERSION) {
    throw new UserError(
      `${name} is of version ${version} (byte 4), not of version ${BIN_VERSION}`,
      "DATA",
    );
  }
  const expected = BIN_HEADER + 2 * count;
  if (count > 0 && size === BIN_HEADER + 4 * count) {
    throw new UserError(
      `${name} holds tokens of 32 bits, not of 16; prepare the text again`,
      "DATA",
    );
  }
  if (count <= 0 || size !== expected) {
    throw new UserError(
      `${name} has ${size} bytes, but its header (byte 8) says ${count} tokens` +
        (count > 0 ? `, which take ${expected}` : "") + "; prepare or download it again",
      "DATA",
    );
  }
  return { start: BIN_HEADER, count };
}

/** llm.c's other files, by the number that they begin with. */
const LLMC_FILES: Record<number, string> = {
  20240326: "a model's weights: name the directory of a checkpoint as --init-from",
  20240327: "activations to test by",
  20240328: "a tokenizer",
  20240522: "HellaSwag's questions",
  20240527: "an optimiser's state",
  20240801: "tokens of Llama 3's vocabulary: prepare the text with this program",
  20240803: "weights of a Llama 3",
};

/** Refuses other files of llm.c's by name. */
function checkNotLlmc(name: string, magic: number): void {
  if (!Object.hasOwn(LLMC_FILES, magic)) return;
  throw new UserError(
    `${name} begins with ${magic}, the number of llm.c's files of ${LLMC_FILES[magic]}`,
    "DATA",
  );
}

function noToken(name: string, token: number, offset: number): UserError {
  return new UserError(
    `${name}: ${token} at byte ${offset} is no GPT-2 token, which are below ${TOKEN_COUNT}`,
    "DATA",
  );
}
