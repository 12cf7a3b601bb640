import { Buffer } from "node:buffer";
import { zstdCompressSync } from "node:zlib";
import type { Shard } from "../../src/data/shard.ts";
import { Random } from "../../src/random.ts";

/** A directory for the files of one test; removed at the end of it. */
export class TempDir implements AsyncDisposable {
  readonly path = Deno.makeTempDirSync();

  /** Writes a file, text or bytes; returns its path. */
  async write(name: string, content: string | Uint8Array): Promise<string> {
    const path = `${this.path}/${name}`;
    await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    await Deno.writeFile(
      path,
      typeof content === "string" ? new TextEncoder().encode(content) : content,
    );
    return path;
  }

  async [Symbol.asyncDispose]() {
    await Deno.remove(this.path, { recursive: true });
  }
}

/** Files as shards. */
export function shardsOf(...files: string[]): Shard[] {
  return files.map((file) => ({ name: file, source: file }));
}

/** One zstd frame. */
export function frame(text: string | Uint8Array): Uint8Array {
  return new Uint8Array(zstdCompressSync(text));
}

/** Byte strings one after the other. */
export function concat(...parts: Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

/** Documents as JSON lines. */
export function jsonl(texts: string[]): string {
  return texts.map((text) => JSON.stringify({ text }) + "\n").join("");
}

/** `count` different texts of `length` words. */
export function texts(count: number, length: number, seed = 1): string[] {
  const random = new Random(seed);
  const words = ["the", "moon", "rises", "over", "a", "quiet", "harbour", "and", "sleeps", "again"];
  const word = () => words[random.below(words.length)];
  return Array.from(
    { length: count },
    (_, i) => `Story ${i}: ${Array.from({ length }, word).join(" ")}.`,
  );
}
