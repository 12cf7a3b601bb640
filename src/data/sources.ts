import { glob } from "node:fs/promises";
import { resolve } from "node:path";
import { UserError } from "../errors.ts";
import type { Shard } from "./shard.ts";

const EXTENSIONS = [".jsonl.zst", ".jsonl", ".txt"] as const;

const supported = (path: string) => EXTENSIONS.some((extension) => path.endsWith(extension));
const KINDS = EXTENSIONS.join(", ");

/**
 * The shards that paths, globs and directories stand for: each once, sorted, so that it does
 * not matter how they were named. A path that exists is taken as it is, even if it looks like a
 * glob. A directory stands for the supported files directly in it, a glob for the supported files
 * that it matches; `**` crosses directories.
 *
 * @throws {UserError} If a path does not exist or is of an unsupported kind, or a glob or
 * directory yields no supported file.
 */
export async function findShards(data: readonly string[]): Promise<Shard[]> {
  if (data.length === 0) throw new UserError("no data: name a file, a glob or a directory");
  const shards = new Map<string, Shard>(); // by absolute path
  for (const name of data) {
    for (const file of await expand(name)) {
      const size = (await stat(file))?.size;
      shards.set(resolve(file), { name: file, source: file, size });
    }
  }
  return [...shards.keys()].sort().map((path) => shards.get(path)!);
}

async function expand(name: string): Promise<string[]> {
  const info = await stat(name);
  if (info?.isDirectory) {
    const found: string[] = [];
    for await (const entry of Deno.readDir(name)) {
      const file = `${name.replace(/[/\\]+$/, "")}/${entry.name}`;
      if (supported(file) && (await stat(file))?.isFile) found.push(file);
    }
    if (found.length === 0) throw new UserError(`no ${KINDS} file in the directory ${name}`);
    return found;
  }
  if (info) {
    if (!supported(name)) throw new UserError(`${name}: the data must be one of ${KINDS}`);
    return [name];
  }
  if (!/[*?[{]/.test(name)) throw new UserError(`no such file or directory: ${name}`);
  const found: string[] = [];
  for await (const file of glob(name)) {
    if (supported(file) && (await stat(file))?.isFile) found.push(file);
  }
  if (found.length === 0) throw new UserError(`no ${KINDS} file matches ${name}`);
  return found;
}

async function stat(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.stat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return;
    throw new UserError(`cannot read ${path}: ${(error as Error).message}`);
  }
}
