import { crc32 } from "node:zlib";
import type { PageHeader } from "hyparquet";
import { parquetHeader } from "hyparquet/column";
import type { HttpOptions } from "../../http/options.ts";
import { ByteReader } from "../files/byte_reader.ts";
import { DataError } from "../files/data_error.ts";
import { readShard, type Shard } from "../files/shard.ts";
import type { Chunk } from "./column.ts";
import { type Dictionary, readDictionary, type StoredPage, textsIn } from "./page_texts.ts";
import { packTexts, type TextRows } from "./text_rows.ts";

/** Bytes that most headers of pages fit into; those with statistics may need more. */
const HEADER = 512;

/** The most bytes that a page may become. Programs write pages of 1 MB, DuckDB of up to 100 MB. */
const MOST = 2 ** 29;

/**
 * Reads the texts of a column chunk, a page at a time: memory is that of the largest page, packed
 * and unpacked, whatever the size of the row group.
 *
 * @param from The number in the file of the first row that is wanted: pages before it are not
 * unpacked.
 * @throws {UserError} If the file cannot be read.
 * @throws {DataError} If it is damaged; what is whole has come before.
 */
export async function* readPages(
  shard: Shard,
  chunk: Chunk,
  from: number,
  http?: HttpOptions,
): AsyncGenerator<TextRows> {
  const { name } = shard;
  const { offset, size, first, rows } = chunk;
  const damaged = (at: number, why: string) =>
    new DataError(
      `${name} is damaged at byte ${offset + at}, in row group ${chunk.group}: ${why}; get it ` +
        "anew, or keep what is whole with --skip-bad",
    );
  const bytes = readShard({ ...shard, offset: (shard.offset ?? 0) + offset, size }, http);
  const input = new ByteReader(bytes, (at) => damaged(at, "it ends there"));
  let dictionary: Dictionary | undefined;
  let row = first;
  try {
    while (row < first + rows) {
      const start = input.position;
      const body = await readPage(input, size, (why) => damaged(start, why));
      try {
        const { header } = body;
        if (header.type === "DICTIONARY_PAGE") {
          dictionary = readDictionary(body, chunk);
          continue;
        }
        const count = countRows(header, first + rows - row);
        row += count;
        if (row <= from) continue;
        yield* packTexts(row - count, textsIn(body, chunk, dictionary));
      } catch (error) {
        throw error instanceof DataError ? error : damaged(start, (error as Error).message);
      }
    }
  } finally {
    await input.close();
  }
}

async function readPage(
  input: ByteReader,
  size: number,
  damaged: (why: string) => DataError,
): Promise<StoredPage> {
  const header = await readHeader(input, size, damaged);
  const { compressed_page_size: length, uncompressed_page_size: unpacked, crc } = header;
  if (!(length >= 0 && length <= size - input.position && unpacked >= 0)) {
    throw damaged("no page begins there");
  }
  if (Math.max(length, unpacked) > MOST) {
    throw damaged(`a page of ${unpacked.toLocaleString("en")} bytes is too large`);
  }
  const packed = await input.read(length) as Uint8Array<ArrayBuffer>;
  if (crc !== undefined && crc32(packed) !== crc >>> 0) throw damaged("its checksum is wrong");
  return { header, packed };
}

/** A header tells its length only when it is read. */
async function readHeader(
  input: ByteReader,
  size: number,
  damaged: (why: string) => DataError,
): Promise<PageHeader> {
  const left = size - input.position;
  for (let length = Math.min(HEADER, left);; length = Math.min(4 * length, left)) {
    const bytes = await input.read(length);
    const reader = { view: new DataView(bytes.buffer, bytes.byteOffset, length), offset: 0 };
    try {
      const header = parquetHeader(reader);
      input.unread(bytes.subarray(reader.offset));
      return header;
    } catch (error) {
      if (length === left) throw damaged((error as Error).message);
      input.unread(bytes);
    }
  }
}

/** @throws {Error} If a page has more rows than are left in its row group. */
function countRows({ data_page_header: v1, data_page_header_v2: v2 }: PageHeader, left: number) {
  const count = v2 ? v2.num_rows : v1?.num_values ?? NaN;
  if (count >= 0 && count <= left) return count;
  throw new Error("it has more rows than its row group");
}
