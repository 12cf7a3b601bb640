import { fill, openInside } from "./inside.ts";

/** Reads the lines of a file that grows, each once, or anew where another file takes its place. */
export class Tail {
  /** The file that was read last. */
  #identity: string | undefined;
  /** Bytes read, up to a line's end. */
  #offset: number;
  /** Whether the line at the offset is too long, and its rest is not looked at. */
  #skips = false;

  /** Bytes that are read at a time: a line of more is left out. */
  readonly #chunk: number;
  /** Where reading ends, though the file goes on. */
  readonly #to: number;

  /** Reads the file whole, or from the beginning of a line to that of another. */
  constructor(
    readonly root: string,
    readonly relative: string,
    { chunk = 1 << 22, from = 0, to = Infinity } = {},
  ) {
    this.#chunk = chunk;
    this.#offset = from;
    this.#to = to;
  }

  /** While lines are told: where the first of those that were read with them begins, in bytes. */
  get offset(): number {
    return this.#offset;
  }

  /**
   * Reads what is new, if anything is. A last line without its line break is left for later.
   *
   * @param onReset Called before the lines of a file that is not the one before.
   */
  async read(onLine: (line: string) => void, onReset: () => void): Promise<void> {
    using opened = await openInside(this.root, this.relative);
    if (!opened) return;
    const { file, info } = opened;
    const identity = `${info.dev} ${info.ino}`;
    this.#identity ??= identity;
    if (identity !== this.#identity || info.size < this.#offset) {
      onReset();
      this.#identity = identity;
      this.#offset = 0;
      this.#skips = false;
    }
    const end = Math.min(info.size, this.#to);
    const buffer = new Uint8Array(Math.min(this.#chunk, Math.max(1, end - this.#offset)));
    while (this.#offset < end) {
      await file.seek(this.#offset, Deno.SeekMode.Start);
      const bytes = await fill(file, buffer.subarray(0, end - this.#offset));
      if (!this.#take(bytes, onLine)) return;
    }
  }

  /** Takes the whole lines of the bytes at the offset; false if there are none, nor will be. */
  #take(bytes: Uint8Array, onLine: (line: string) => void): boolean {
    const end = bytes.lastIndexOf(LINE_BREAK) + 1;
    if (end === 0) {
      if (bytes.length < this.#chunk) return false;
      this.#skips = true;
      this.#offset += bytes.length;
      return true;
    }
    const lines = new TextDecoder().decode(bytes.subarray(0, end)).split("\n").slice(0, -1);
    for (const line of this.#skips ? lines.slice(1) : lines) onLine(line);
    this.#skips = false;
    this.#offset += end;
    return true;
  }
}

const LINE_BREAK = 10;

/** The last whole line of a file, of at most 64 KiB; undefined if there is none. */
export async function lastLine(root: string, relative: string): Promise<string | undefined> {
  using opened = await openInside(root, relative);
  if (!opened) return undefined;
  const { file, info: { size } } = opened;
  await file.seek(Math.max(0, size - 65536), Deno.SeekMode.Start);
  const text = new TextDecoder().decode(await fill(file, new Uint8Array(Math.min(size, 65536))));
  const lines = text.slice(0, text.lastIndexOf("\n") + 1).split("\n");
  return lines.at(-2);
}
