import { Buffer } from "node:buffer";
import { constants, zstdCompressSync } from "node:zlib";
import { Header } from "tar/header";
import { Pax } from "tar/pax";
import type { Shard } from "../../src/data/files/shard.ts";
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

/** Makes a named pipe, which waits for a writer when it is opened. Not on Windows. */
export function namedPipe(path: string): void {
  const { success } = new Deno.Command("mkfifo", { args: [path] }).outputSync();
  if (!success) throw new Error(`cannot make a named pipe at ${path}`);
}

/** Files as shards. */
export function shardsOf(...files: string[]): Shard[] {
  return files.map((file) => ({ name: file, source: file }));
}

/** One zstd frame, without a checksum. */
export function frame(text: string | Uint8Array): Uint8Array {
  return new Uint8Array(zstdCompressSync(text, { chunkSize: 2 ** 20 }));
}

/** One zstd frame with a checksum. */
export function checkedFrame(text: string | Uint8Array): Uint8Array {
  const params = { [constants.ZSTD_c_checksumFlag]: 1 };
  return new Uint8Array(zstdCompressSync(text, { params, chunkSize: 2 ** 20 }));
}

/** A small zstd frame of as many MiB of the letter x. */
export function bomb(mebibytes: number): Uint8Array {
  const header = new Uint8Array([0x28, 0xb5, 0x2f, 0xfd, 0, 0x38]); // window of 128 KiB
  const block = [0x02, 0, 0x10, 0x78]; // 128 KiB of x
  const blocks = Uint8Array.from({ length: 32 * mebibytes }, (_, i) => block[i % 4]);
  blocks[blocks.length - 4] |= 1; // the last one
  return concat(header, blocks);
}

/** Byte strings one after the other. */
export function concat(...parts: Uint8Array[]): Uint8Array {
  return joined(parts);
}

/** The same for any number of them. */
export function joined(parts: Uint8Array[]): Uint8Array {
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

/** A tar archive of files, in this order, with the mark of its end. */
export function tar(...members: [path: string, content: Uint8Array | string][]): Uint8Array {
  return concat(...members.map(([path, content]) => tarMember(path, content)), TAR_END);
}

/** The mark of an archive's end. */
export const TAR_END = new Uint8Array(1024);

/** One member of a tar archive. */
export function tarMember(
  path: string,
  content: Uint8Array | string,
  type: "File" | "Directory" | "SymbolicLink" | "ExtendedHeader" | "SparseFile" = "File",
): Uint8Array {
  const body = typeof content === "string" ? new TextEncoder().encode(content) : content;
  const header = new Header({ path, type, size: body.length, mode: 0o644 });
  const needsPax = header.encode();
  const padding = new Uint8Array((512 - body.length % 512) % 512);
  const pax = needsPax ? new Pax({ path }).encode() : new Uint8Array();
  return concat(pax, header.block!, body, padding);
}

/** A tar archive's header with its checksum made right. */
export function checked(header: Uint8Array): Uint8Array {
  const sum = header.subarray(0, 512).reduce((a, b, i) => a + (i >= 148 && i < 156 ? 32 : b), 0);
  header.set(new TextEncoder().encode(sum.toString(8).padStart(6, "0") + "\0 "), 148);
  return header;
}

/** A sparse file in a tar archive as GNU tar and bsdtar write it by default: its map first. */
export function sparseMember(path: string): Uint8Array {
  const record = (key: string, value: string) => {
    const rest = ` GNU.sparse.${key}=${value}\n`;
    return `${rest.length + 2}${rest}`; // of two digits, as all of these are
  };
  const facts = record("major", "1") + record("minor", "0") + record("name", path) +
    record("realsize", "1048576");
  const map = "1\n0\n6\n".padEnd(512, "\0");
  return concat(
    tarMember("PaxHeaders/x", facts, "ExtendedHeader"),
    tarMember(`GNUSparseFile.0/${path}`, `${map}"one"\n`),
  );
}

/** The same in GNU tar's older format, with so many blocks after the header for the rest of its map. */
export function oldSparseMember(path: string, blocks: number): Uint8Array {
  const member = tarMember(path, '"one"\n', "SparseFile");
  if (blocks > 0) member[482] = 1;
  const map = new Uint8Array(512 * blocks).fill(48);
  for (let i = 1; i <= blocks; i++) map[512 * i - 8] = Number(i < blocks);
  return concat(checked(member.subarray(0, 512)), map, member.subarray(512));
}

/** A shard of the tokens from `first` to `last`, without a header. */
export async function tokenFile(dir: TempDir, name: string, first: number, last: number) {
  const tokens = Uint16Array.from({ length: last - first + 1 }, (_, i) => first + i);
  const source = await dir.write(name, new Uint8Array(tokens.buffer));
  return { name: source, source };
}

/** What Git LFS leaves in the place of a file that is not fetched. */
export const LFS_POINTER = `version https://git-lfs.github.com/spec/v1
oid sha256:${"4d7a".repeat(16)}
size 12345678
`;
