import { glob } from "node:fs/promises";
import { resolve } from "node:path";
import { UserError } from "../../errors.ts";
import { fileError } from "../../files/file_error.ts";
import { checkRegular } from "../../files/read_file.ts";
import { findDataset } from "./dataset.ts";
import { isDataset } from "./dataset_name.ts";
import { formatOf, KINDS } from "./format.ts";
import { probe } from "../../http/remote_file.ts";
import type { HttpOptions } from "../../http/options.ts";
import { isUrl, type Shard } from "./shard.ts";
import { remedyFor, unknownKind } from "./other_files.ts";
import { indexTar, type TarIndexOptions } from "./tar_index.ts";

/** Paths, globs, directories and URLs, or the shards that {@linkcode findShards} found in them. */
export type DataSources = readonly string[] | readonly Shard[];

/** How to find shards. */
export interface FindOptions extends TarIndexOptions {
  /** The column of Parquet files that holds the texts. @default text */
  column?: string;
}

/**
 * The shards that paths, globs, directories, URLs and data sets of the Hugging Face Hub, as in
 * `hf://datasets/owner/name/path`, stand for: each once, sorted, so that it does
 * not matter how they were named. A path that exists is taken as it is, even if it looks like a
 * glob. A directory stands for the supported files directly in it, a glob for the supported files
 * that it matches; `**` crosses directories. Hidden files count only where they are named.
 *
 * Shards that were found before stay as they are: to find them takes time, for archives on servers.
 *
 * An archive stands for the data files in it, which are read where they are. On a server that does
 * not give parts of files, it is a shard of its own, which is read from its beginning.
 *
 * @throws {UserError} If a path does not exist or is of an unsupported kind, a glob, directory or
 * archive yields no supported file, or one that cannot be opened and is not to be skipped, a server does not have the file, or an archive is damaged.
 *
 * @example
 * ```ts
 * import { findShards } from "@agd/gpt2";
 *
 * for (const { name, size } of await findShards(["data"])) console.log(name, size);
 * ```
 */
export async function findShards(
  data: DataSources,
  options: FindOptions = {},
): Promise<Shard[]> {
  if (data.length === 0) {
    throw new UserError("no data: name a file, a glob, a directory or a URL", "NOT_FOUND");
  }
  if (isFound(data)) return [...data];
  const files = new Map<string, File>(); // by absolute path or URL
  for (const name of data) {
    if (isDataset(name)) {
      for (const shard of await findDataset(name, options.http)) {
        files.set(shard.name, { shard, hasParts: true });
      }
      continue;
    }
    if (isUrl(name)) {
      const url = URL.parse(name)?.href;
      if (url === undefined) throw new UserError(`${name} is not a URL`, "DATA");
      if (!files.has(url)) files.set(url, await remoteFile(url, options.http));
    } else {
      for (const path of await expand(name, options)) {
        files.set(resolve(path), await localFile(path));
      }
    }
  }
  const shards = new Map<string, Shard>();
  for (const key of [...files.keys()].sort()) {
    for (const shard of await shardsOf(files.get(key)!, options)) {
      if (shards.has(shard.name)) {
        throw new UserError(`two different files are called ${shard.name}; rename one`, "DATA");
      }
      shards.set(shard.name, shard);
    }
  }
  return withColumn([...shards.values()], options.column);
}

/**
 * The shards of sources that are mixed: those of each, which may have files of the same name.
 *
 * @throws {UserError} As {@linkcode findShards}.
 */
export async function findSources(
  data: readonly string[],
  { column, ...options }: FindOptions = {},
): Promise<Shard[][]> {
  const sources: Shard[][] = [];
  for (const name of data) sources.push(await findShards([name], options));
  const all = withColumn(sources.flat(), column);
  return sources.map(({ length }) => all.splice(0, length));
}

/** @throws {UserError} If there is a column to be read and no Parquet file. */
function withColumn(shards: Shard[], column: string | undefined): Shard[] {
  if (column === undefined) return shards;
  const isParquet = ({ name }: Shard) => formatOf(name)?.content === "parquet";
  if (!shards.some(isParquet)) {
    throw new UserError("there is no .parquet file in the data to read a --column of", "DATA");
  }
  return shards.map((shard) => isParquet(shard) ? { ...shard, column } : shard);
}

function isFound(data: DataSources): data is readonly Shard[] {
  return typeof data[0] !== "string";
}

/** A file that was named, before archives are opened. */
interface File {
  shard: Shard;
  /** Whether parts of it can be read. */
  hasParts: boolean;
}

async function shardsOf({ shard, hasParts }: File, options: TarIndexOptions): Promise<Shard[]> {
  const { name, size } = shard;
  if (formatOf(name)?.content !== "tar" || size === undefined || !hasParts) return [shard];
  const members = await indexTar({ ...shard, size }, options);
  return members.sort((a, b) => a.name < b.name ? -1 : 1);
}

async function localFile(path: string): Promise<File> {
  const size = (await stat(path))?.size;
  return { shard: { name: path, source: path, size }, hasParts: true };
}

async function remoteFile(url: string, http?: HttpOptions): Promise<File> {
  const { origin, pathname } = new URL(url);
  const name = origin + pathname;
  const content = formatOf(name)?.content;
  if (content === undefined) throw unknownKind(name);
  if (content === "bin") {
    throw new UserError(`${name}: token files are read on disk; download it`, "DATA");
  }
  const { size, version, hasRanges } = await probe(url, name, http);
  return { shard: { name, source: url, size, version }, hasParts: hasRanges };
}

/** The data files that a path, glob or directory stands for. */
async function expand(name: string, options: TarIndexOptions): Promise<string[]> {
  const info = await stat(name);
  if (info?.isDirectory) {
    const found = await dataFiles(visibleFiles(name), options);
    if (found.length === 0) {
      const why = await whatElse(name);
      throw new UserError(`no ${KINDS} file in the directory ${name}${why}`, "NOT_FOUND");
    }
    return found;
  }
  if (info) {
    if (!formatOf(name)) throw unknownKind(name);
    checkRegular(name); // it is read more than once, and from anywhere
    return [name];
  }
  if (!/[*?[{]/.test(name)) throw new UserError(`no such file or directory: ${name}`, "NOT_FOUND");
  const found = await dataFiles(glob(name), options);
  if (found.length === 0) throw new UserError(`no ${KINDS} file matches ${name}`, "NOT_FOUND");
  return found;
}

/** What may be meant by a directory without data files: those of its folders, or another kind. */
async function whatElse(directory: string): Promise<string> {
  const paths = (await Array.fromAsync(visibleFiles(directory))).sort();
  for (const path of paths) {
    if (!(await stat(path))?.isDirectory) continue;
    const pattern = `${directory.replace(/[/\\]+$/, "")}/**/*`;
    return `, whose folders are not looked into: '${pattern}' names what is in them`;
  }
  return paths.length === 0 ? "" : `; of ${paths[0]}: ${remedyFor(paths[0])}`;
}

/** What is directly in a directory and not hidden. */
async function* visibleFiles(directory: string): AsyncGenerator<string> {
  const path = directory.replace(/[/\\]+$/, "");
  for await (const { name } of Deno.readDir(directory)) {
    if (!name.startsWith(".")) yield `${path}/${name}`;
  }
}

/**
 * Those that are data files.
 *
 * @throws {UserError} If there is one that cannot be opened, unless such are to be skipped.
 */
async function dataFiles(
  paths: AsyncIterable<string>,
  { skipBad, onBad }: TarIndexOptions,
): Promise<string[]> {
  const found = new Set<string>();
  for await (const path of paths) {
    if (formatOf(path) === undefined) continue;
    try {
      const info = await stat(path);
      // Of names that are not UTF-8 several read the same, perhaps as that of another file.
      if (info === undefined || found.has(path)) throw await notFound(path);
      if (info.isFile) found.add(path);
    } catch (error) {
      if (!skipBad || !(error instanceof UserError)) throw error;
      onBad?.();
    }
  }
  return [...found];
}

/** Why a file is not found whose name was. */
async function notFound(path: string): Promise<UserError> {
  const isLink = await Deno.lstat(path).then(({ isSymlink }) => isSymlink, () => false);
  const why = isLink
    ? "a link that leads to no file; mend it"
    : path.includes("\ufffd")
    ? "a file whose name is not UTF-8; rename it"
    : "gone";
  return new UserError(`${path} is ${why}, or leave it out with --skip-bad`, "NOT_FOUND");
}

async function stat(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.stat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return;
    throw fileError(error, `cannot read ${path}`);
  }
}
