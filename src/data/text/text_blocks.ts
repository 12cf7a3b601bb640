import { UserError } from "../../errors.ts";
import { ByteReader } from "../files/byte_reader.ts";
import { DataError } from "../files/data_error.ts";
import { type Format, formatOf } from "../files/format.ts";
import { gunzip } from "../files/gzip.ts";
import type { DocumentOptions, Lines, Rows, TextBlock } from "./block.ts";
import { countLines, LineBlocks } from "./lines.ts";
import { readPieces } from "./plain_text.ts";
import { readRows } from "../parquet/rows.ts";
import { readShard, type Shard, withoutLfsPointer } from "../files/shard.ts";
import { tarMembers } from "../files/tar.ts";
import { isReadable } from "../files/tar_index.ts";
import { unzstd } from "../files/zstd.ts";

/** The most bytes of a line, unless told otherwise: 64 MiB. */
const MAX_LINE = 64 * 2 ** 20;

/**
 * The text of one shard, in blocks that are decompressed but not decoded; it is read no faster than
 * they are taken.
 *
 * A `.jsonl` file has a document a line. A `.txt` file is a single document that comes in pieces (see
 * {@linkcode PieceStream}), so that its length does not matter. Either may be compressed by zstd or
 * gzip. A `.parquet` file has a document a row. An archive gives the lines of its `.jsonl` files in its order.
 *
 * Memory does not depend on the size of the shard: at most twice the longest line, and what
 * decompression takes. The file is closed when the iteration ends.
 *
 * @throws {UserError} If the shard cannot be read.
 * @throws {DataError} On data that is empty, truncated or damaged, and on plain text that is not
 * UTF-8, unless bad data is to be skipped.
 */
export function readTextBlocks(
  shard: Shard,
  options: DocumentOptions = {},
): AsyncGenerator<TextBlock> {
  const { name } = shard;
  const { content, compression } = formatOf(name) ?? {};
  if (content === "parquet") return tableRows(shard, options);
  const bytes = counted(readShard(shard, options.http), options.onRead);
  if (content === "tar") return archiveLines(bytes, name, options);
  if (content === "jsonl") return readLines(unpack(bytes, name, compression), name, options);
  if (content === "txt") return readPieces(unpack(bytes, name, compression), name, options);
  throw new UserError(`${name} holds no text`, "DATA");
}

async function* tableRows(shard: Shard, options: DocumentOptions): AsyncGenerator<Rows> {
  const { maxLineBytes = MAX_LINE } = options;
  for await (const rows of readRows(shard, options)) {
    yield { file: shard.name, ...rows, maxLineBytes };
  }
}

async function* counted(
  chunks: AsyncIterable<Uint8Array>,
  onRead?: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    onRead?.(chunk.length);
    yield chunk;
  }
}

async function* archiveLines(
  bytes: AsyncIterable<Uint8Array>,
  name: string,
  options: DocumentOptions,
): AsyncGenerator<Lines> {
  const input = new ByteReader(bytes, (at) =>
    new DataError(
      `${name} is cut short: it ends at byte ${at}, inside a member of the archive; download it ` +
        "again, or keep what is whole with --skip-bad",
    ));
  const { skipBad, onBad } = options;
  let isCounted = false;
  let lines = 0;
  try {
    for await (const member of tarMembers(input, name)) {
      if (!isReadable(member, name, options)) continue;
      const file = `${name}/${member.path}`;
      const { content, compression } = formatOf(file)!;
      if (content === "txt") {
        throw new UserError(
          `${file} cannot be read in an archive on this server; download it`,
          "NETWORK",
        );
      }
      const body = async function* () {
        const end = member.offset + member.size;
        while (input.position < end) {
          isCounted = await input.atEnd(); // as damage to the member
          yield await input.some(end - input.position);
        }
      };
      const unpacked = unpack(withoutLfsPointer(body(), file), file, compression);
      for await (const block of readLines(unpacked, file, options)) {
        yield { ...block, number: lines };
        lines += block.count;
      }
    }
  } catch (error) {
    if (!skipBad || !(error instanceof DataError)) throw error;
    if (!isCounted) onBad?.();
  } finally {
    await input.close();
  }
}

/** The bytes that a file holds. */
function unpack(
  bytes: AsyncIterable<Uint8Array>,
  file: string,
  compression: Format["compression"],
): AsyncGenerator<Uint8Array> {
  if (compression === "zstd") return unzstd(bytes, file);
  return compression === "gzip" ? gunzip(bytes, file) : notEmpty(bytes, file);
}

/** Bytes that must be more than none, as compressed ones are: an empty file was not fully written. */
async function* notEmpty(
  chunks: AsyncIterable<Uint8Array>,
  file: string,
): AsyncGenerator<Uint8Array> {
  let isEmpty = true;
  for await (const chunk of chunks) {
    isEmpty = false;
    yield chunk;
  }
  if (isEmpty) throw new DataError(`${file} is empty; get it again, or skip it with --skip-bad`);
}

async function* readLines(
  chunks: AsyncIterable<Uint8Array>,
  file: string,
  { skipBad, onBad, maxLineBytes = MAX_LINE }: DocumentOptions,
): AsyncGenerator<Lines> {
  const blocks = new LineBlocks(maxLineBytes);
  let line = 1;
  const toLines = (bytes: Uint8Array<ArrayBuffer>): Lines => {
    const count = countLines(bytes);
    line += count;
    const first = { line: line - count, number: line - count - 1, offset: blocks.offset };
    return { file, ...first, count, bytes, maxLineBytes };
  };
  try {
    for await (const chunk of chunks) for (const block of blocks.push(chunk)) yield toLines(block);
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    const whole = blocks.whole();
    if (whole) yield toLines(whole);
    if (!skipBad) throw error;
    onBad?.();
    return; // with the line that the damage is in
  }
  const rest = blocks.end();
  if (rest) yield toLines(rest);
}
