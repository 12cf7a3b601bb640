import { UserError } from "../../errors.ts";
import { fileError } from "../../files/file_error.ts";
import { checkNotLfsPointer } from "../../files/lfs_pointer.ts";
import { DataError } from "./data_error.ts";
import { endsItself } from "./format.ts";
import { readRemote } from "../../http/remote_file.ts";
import type { HttpOptions } from "../../http/options.ts";

/** A file of documents, and where its bytes are. Plain data, so that it can be sent to a worker. */
export interface Shard {
  /**
   * What errors call it: the path as the user knows it, the URL without its query, or either with
   * the member of the archive, as in `a.tar/b.jsonl`. No two shards of a corpus have the same name.
   * Its ending says of what kind it is.
   */
  readonly name: string;
  /** The path or `http(s)://` URL of the file that holds the bytes. */
  readonly source: string;
  /** Where in that file they begin; undefined if they are the whole of it. */
  readonly offset?: number;
  /** The number of bytes as stored, if known. */
  readonly size?: number;
  /** For a URL, what the server called this state of the file: its ETag, or date of last change. */
  readonly version?: string;
  /** An Authorization header for the URL's server, if it is to know who asks: a secret. */
  readonly authorization?: string;
  /** Of a Parquet file, the column that holds its texts. @default text */
  readonly column?: string;
}

const CHUNK = 1 << 18;

/** Whether the name of a source is a URL. */
export function isUrl(source: string): boolean {
  return /^https?:\/\//i.test(source);
}

/**
 * The bytes of a shard as they are stored, each chunk valid until the next is asked for. They are
 * read no faster than they are taken, and the file or connection is closed when the iteration ends.
 *
 * @throws {UserError} If the shard cannot be read, changes while it is, or is a Git LFS pointer.
 * @throws {DataError} If it ends before its size.
 */
export function readShard(shard: Shard, http?: HttpOptions): AsyncGenerator<Uint8Array> {
  const { name, source } = shard;
  if (!isUrl(source)) return withoutLfsPointer(readLocal(shard), name);
  const range = { ...shard, url: source, endsItself: endsItself(name) };
  const { authorization = http?.authorization } = shard;
  return withoutLfsPointer(readRemote(range, { ...http, authorization }), name);
}

/**
 * Passes a file's chunks on. A pointer would be the only one.
 *
 * @throws {UserError} If it is one.
 */
export async function* withoutLfsPointer(
  chunks: AsyncIterable<Uint8Array>,
  name: string,
): AsyncGenerator<Uint8Array> {
  let isFirst = true;
  for await (const chunk of chunks) {
    if (isFirst) checkNotLfsPointer(name, chunk, "DATA");
    isFirst = false;
    yield chunk;
  }
}

async function* readLocal({ name, source, offset, size }: Shard): AsyncGenerator<Uint8Array> {
  let position = offset ?? 0;
  const end = position + (size ?? Infinity);
  try {
    using file = await Deno.open(source);
    await file.seek(position, Deno.SeekMode.Start);
    const room = new Uint8Array(CHUNK);
    for (;;) {
      const buffer = room.subarray(0, end - position || 1);
      const count = await file.read(buffer);
      const isAtEnd = position === end;
      if (isAtEnd && (count === null || offset !== undefined)) return;
      if (isAtEnd) {
        throw new UserError(
          `${name} has grown while it was read, to more than ${size} bytes; wait until it is ` +
            "written, then start anew",
          "DATA",
        );
      }
      if (count === null) {
        if (size === undefined) return;
        throw new DataError(
          `${name} is cut short: it ends at byte ${position - (offset ?? 0)} of ${size}; ` +
            "get it anew, or keep what is whole with --skip-bad",
        );
      }
      position += count;
      yield buffer.subarray(0, count);
    }
  } catch (error) {
    throw error instanceof UserError ? error : fileError(error, `cannot read ${name}`);
  }
}
