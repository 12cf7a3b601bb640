import { Buffer } from "node:buffer";
import { constants, createZstdDecompress } from "node:zlib";
import { UserError } from "../../errors.ts";
import { ByteReader } from "./byte_reader.ts";
import { DataError } from "./data_error.ts";
import { Decompressor } from "./decompressor.ts";

const MAX_WINDOW_LOG = 27;
const MAGIC = 0xfd2fb528;
const MAX_BLOCK = 1 << 17;

/** Blocks that are decompressed at once. */
const BATCH = 4;
/** More than what they may become, or be, with headers and a checksum. */
const ROOM = BATCH * MAX_BLOCK + 64;

/**
 * Decompresses zstd (RFC 8878): frames one after the other, skippable ones included.
 * What it gives is valid until the next bytes are asked for. Memory: the frame's window, of at most
 * 128 MiB, and a few blocks.
 *
 * node:zlib does the work and checks each frame's checksum. It would stop, silently, after the
 * first frame, and take a truncated frame for a whole one, so the frames are found here, by the
 * sizes in the headers of their blocks.
 *
 * @param name What to call the data in errors.
 * @throws {UserError} If the data is no zstd at all, or needs a larger window or a dictionary.
 * @throws {DataError} If it is empty, truncated or damaged; what is whole has come before.
 */
export async function* unzstd(
  bytes: AsyncIterable<Uint8Array>,
  name: string,
): AsyncGenerator<Uint8Array> {
  const input = new ByteReader(bytes, (at) => {
    const what = `${name} is truncated: it ends at byte ${at}, inside a zstd frame`;
    return new DataError(`${what}; download it again, or keep what is whole with --skip-bad`);
  });
  const blocks = new Blocks();
  try {
    if (await input.atEnd()) {
      throw new DataError(`${name} is empty; get it again, or skip it with --skip-bad`);
    }
    while (!await input.atEnd()) {
      const start = input.position;
      const magic = await readNumber(input, 4);
      if ((magic & 0xfffffff0) >>> 0 === 0x184d2a50) {
        await input.skip(await readNumber(input, 4));
      } else if (magic === MAGIC) yield* unzstdFrame(input, name, blocks);
      else if (start > 0) throw damage(name, start + 4, "no frame begins there");
      else throw new UserError(`${name} is not zstd data, though its name says so`, "DATA");
    }
  } finally {
    blocks.close();
    await input.close();
  }
}

/** The frame whose magic number has been read. */
async function* unzstdFrame(
  input: ByteReader,
  name: string,
  blocks: Blocks,
): AsyncGenerator<Uint8Array> {
  const { header, hasChecksum } = await readFrameHeader(input, name);
  const decompress = async () => {
    try {
      return await blocks.decompress();
    } catch (error) {
      const why = (error as Error).message.replace("Zstd decompress error: ", "");
      throw damage(name, input.position, why);
    }
  };
  blocks.restart();
  blocks.add(header);
  for (let last = false; !last;) {
    try {
      last = await readBlock(input, name, blocks);
      if (last && hasChecksum) blocks.add(await input.read(4));
    } catch (error) {
      yield* await decompress(); // what came before
      throw error;
    }
    if (last || blocks.count === BATCH) yield* await decompress();
  }
}

/** Adds a block to others; returns whether it is the last of its frame. */
async function readBlock(input: ByteReader, name: string, blocks: Blocks): Promise<boolean> {
  const header = await input.read(3);
  const isLast = (header[0] & 1) === 1;
  const isRepeatedByte = (header[0] >> 1 & 3) === 1;
  const size = littleEndian(header) >> 3;
  if (size > MAX_BLOCK) throw damage(name, input.position, "a block is too large");
  blocks.add(header);
  blocks.add(await input.read(isRepeatedByte ? 1 : size));
  blocks.count++;
  return isLast;
}

/** Blocks of a frame, and what stands around them, that are decompressed together. */
class Blocks {
  /** How many there are. */
  count = 0;
  readonly #decompressor: Decompressor;
  readonly #packed = Buffer.alloc(ROOM);
  #length = 0;

  constructor() {
    const params = { [constants.ZSTD_d_windowLogMax]: MAX_WINDOW_LOG };
    const stream = createZstdDecompress({ chunkSize: ROOM, params });
    this.#decompressor = new Decompressor(stream, Buffer.alloc(ROOM));
  }

  /** Begins with another frame. */
  restart(): void {
    this.#decompressor.restart();
    this.#length = 0;
    this.count = 0;
  }

  add(bytes: Uint8Array): void {
    this.#packed.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Gives what those so far hold, and begins anew. */
  decompress(): Promise<Uint8Array[]> {
    const bytes = this.#packed.subarray(0, this.#length);
    this.#length = 0;
    this.count = 0;
    return this.#decompressor.push(bytes);
  }

  close(): void {
    this.#decompressor.close();
  }
}

/** Reads a frame's header (RFC 8878, section 3.1.1.1), and puts the magic number before it. */
async function readFrameHeader(
  input: ByteReader,
  name: string,
): Promise<{ header: Uint8Array; hasChecksum: boolean }> {
  const start = input.position - 4;
  const read = async (length: number) => new Uint8Array(await input.read(length));
  const descriptor = await read(1);
  const isSingleSegment = (descriptor[0] >> 5 & 1) === 1;
  const windowBytes = await read(isSingleSegment ? 0 : 1);
  const dictionary = await read([0, 1, 2, 4][descriptor[0] & 3]);
  const sizeFlag = descriptor[0] >> 6;
  const contentSize = await read(sizeFlag === 0 && !isSingleSegment ? 0 : 1 << sizeFlag);

  const window = isSingleSegment
    ? littleEndian(contentSize) + (sizeFlag === 1 ? 256 : 0)
    : 2 ** (10 + (windowBytes[0] >> 3)) * (1 + (windowBytes[0] & 7) / 8);
  if (window > 2 ** MAX_WINDOW_LOG) {
    const mebibytes = Math.ceil(window / 2 ** 20).toLocaleString("en");
    throw new UserError(
      `${name}: the zstd frame at byte ${start} needs a window of ${mebibytes} MiB, more than ` +
        `128 MiB; compress it again with --long=27 or less`,
      "DATA",
    );
  }
  if (dictionary.some((byte) => byte !== 0)) {
    throw new UserError(
      `${name}: the zstd frame at byte ${start} needs a dictionary; compress it again without one`,
      "DATA",
    );
  }
  const magic = new Uint8Array([0x28, 0xb5, 0x2f, 0xfd]);
  return {
    header: Buffer.concat([magic, descriptor, windowBytes, dictionary, contentSize]),
    hasChecksum: (descriptor[0] >> 2 & 1) === 1,
  };
}

async function readNumber(input: ByteReader, length: number): Promise<number> {
  return littleEndian(await input.read(length));
}

function littleEndian(bytes: Uint8Array): number {
  return bytes.reduceRight((value, byte) => value * 256 + byte, 0);
}

function damage(name: string, position: number, why: string): DataError {
  return new DataError(
    `${name} is damaged: invalid zstd data before byte ${position} (${why}); ` +
      "download it again, or keep what is whole with --skip-bad",
  );
}
