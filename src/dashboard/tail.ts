import { fill, openInside } from "./inside.ts";

/** Reads the lines of a file that grows, each once, or anew where another file takes its place. */
export class Tail {
  /** The file that was read last. */
  #identity: string | undefined;
  /** Bytes read, up to a line's end. */
  #offset = 0;
  /** Whether the line at the offset is too long, and its rest is not looked at. */
  #skips = false;

  /** @param chunk Bytes that are read at a time: a line of more is left out. */
  constructor(readonly root: string, readonly relative: string, readonly chunk = 1 << 22) {}

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
    if (identity !== this.#identity || info.size < this.#offset) {
      if (this.#identity !== undefined) onReset();
      this.#identity = identity;
      this.#offset = 0;
      this.#skips = false;
    }
    const buffer = new Uint8Array(Math.min(this.chunk, Math.max(1, info.size - this.#offset)));
    while (this.#offset < info.size) {
      await file.seek(this.#offset, Deno.SeekMode.Start);
      const bytes = await fill(file, buffer);
      if (!this.#take(bytes, onLine)) return;
    }
  }

  /** Takes the whole lines of the bytes at the offset; false if there are none, nor will be. */
  #take(bytes: Uint8Array, onLine: (line: string) => void): boolean {
    const end = bytes.lastIndexOf(LINE_BREAK) + 1;
    if (end === 0) {
      if (bytes.length < this.chunk) return false;
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
