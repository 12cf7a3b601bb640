import type { FileMetaData } from "hyparquet";
import { parquetMetadata } from "hyparquet/metadata";
import { UserError } from "../../errors.ts";
import type { HttpOptions } from "../../http/options.ts";
import { ByteReader } from "../files/byte_reader.ts";
import { DataError } from "../files/data_error.ts";
import { readShard, type Shard } from "../files/shard.ts";

/** Bytes that are read of a file's end at first: the footer of most. */
const TAIL = 2 ** 16;

/** The most bytes of a footer: that of some hundred thousand column chunks. */
const MOST = 2 ** 26;

/** What a file ends with: the footer's size, 4 bytes, and this. */
const MAGIC = "PAR1";

/**
 * Reads what a Parquet file says of itself, at its end.
 *
 * @throws {UserError} If the file cannot be read, or in parts, or is encrypted.
 * @throws {DataError} If it is cut short or damaged.
 */
export async function readFooter(shard: Shard, http?: HttpOptions): Promise<FileMetaData> {
  const { name, size } = shard;
  if (size === undefined) {
    throw new UserError(
      `${name}: the server does not say how long the file is; download it`,
      "NETWORK",
    );
  }
  const read = (length: number) => {
    const offset = (shard.offset ?? 0) + size - length;
    return readBytes({ ...shard, offset, size: length }, http);
  };
  let tail = await read(Math.min(TAIL, size));
  const magic = new TextDecoder("latin1").decode(tail.subarray(-4));
  if (magic === "PARE") {
    throw new UserError(`${name} is encrypted; write it to a file that is not`, "DATA");
  }
  if (size < 12 || magic !== MAGIC) {
    throw new DataError(
      `${name} is no Parquet file, or cut short: it does not end with ${MAGIC}; get it anew, or ` +
        "skip it with --skip-bad",
    );
  }
  const length = new DataView(tail.buffer, tail.byteOffset).getUint32(tail.length - 8, true) + 8;
  if (length > Math.min(size, MOST)) {
    throw damaged(name, `a footer of ${length.toLocaleString("en")} bytes is too large`);
  }
  if (length > tail.length) tail = await read(length);
  try {
    return parquetMetadata(tail, { geoparquet: false });
  } catch {
    throw damaged(name, "it cannot be parsed");
  }
}

function damaged(name: string, why: string): DataError {
  return new DataError(
    `${name} is damaged in its footer: ${why}; get it anew, or skip it with --skip-bad`,
  );
}

/** All bytes of a shard of known size, in memory of their own. */
async function readBytes(shard: Shard & { size: number }, http?: HttpOptions): Promise<Uint8Array> {
  const cut = () => new DataError(`${shard.name} is cut short; get it anew`);
  const reader = new ByteReader(readShard(shard, http), cut);
  try {
    return (await reader.read(shard.size)).slice();
  } finally {
    await reader.close();
  }
}
