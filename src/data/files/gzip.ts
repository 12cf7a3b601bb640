import { crc32, createInflateRaw } from "node:zlib";
import { UserError } from "../../errors.ts";
import { ByteReader } from "./byte_reader.ts";
import { DataError } from "./data_error.ts";
import { Decompressor } from "./decompressor.ts";

/** Bytes that are decompressed at once; they become at most about 1,030 times as many. */
const SLICE = 8192;

/**
 * Decompresses gzip (RFC 1952): members one after the other, then perhaps zeros.
 *
 * node:zlib inflates; the members are found here, because its own gunzip loses what precedes
 * garbage after them, and cannot say where that begins.
 *
 * @param name What to call the data in errors.
 * @throws {UserError} If the data is no gzip at all.
 * @throws {DataError} If it is empty, truncated, damaged or followed by something else; what is
 * whole has come before.
 */
export async function* gunzip(
  bytes: AsyncIterable<Uint8Array>,
  name: string,
): AsyncGenerator<Uint8Array> {
  const remedy = "download it again, or keep what is whole with --skip-bad";
  const input = new ByteReader(
    bytes,
    (at) =>
      new DataError(`${name} is truncated: it ends at byte ${at}, inside gzip data; ${remedy}`),
  );
  const damage = (why: string) =>
    new DataError(
      `${name} is damaged: invalid gzip data before byte ${input.position} (${why}); ${remedy}`,
    );
  try {
    if (await input.atEnd()) {
      throw new DataError(`${name} is empty; get it again, or skip it with --skip-bad`);
    }
    while (!await input.atEnd()) {
      const start = input.position;
      const [first] = await input.read(1);
      if (start > 0 && first === 0) continue; // padding
      if (first !== 0x1f || (await input.read(1))[0] !== 0x8b) {
        if (start > 0) {
          throw new DataError(
            `${name} has something else after its gzip data, at byte ${start}; ${remedy}`,
          );
        }
        throw new UserError(`${name} is not gzip data, though its name says so`, "DATA");
      }
      await skipHeader(input, damage);
      if (await isEmpty(input)) await checkTrailer(input, 0, 0, damage);
      else yield* inflateMember(input, damage);
    }
  } finally {
    await input.close();
  }
}

/** Reads over the rest of a member's header, after the two bytes that every member begins with. */
async function skipHeader(input: ByteReader, damage: (why: string) => Error): Promise<void> {
  const [method, flags] = await input.read(8);
  if (method !== 8) throw damage("unknown compression method");
  if (flags & 4) {
    const [low, high] = await input.read(2);
    await input.skip(low | high << 8); // extra fields
  }
  for (const flag of [8, 16]) { // file name, comment
    if (flags & flag) { while ((await input.read(1))[0] !== 0); }
  }
  if (flags & 2) await input.skip(2); // checksum of the header
}

/**
 * Reads over the data of an empty member as all programs write it. There may be thousands, and a
 * decompressor for each would take its time.
 */
async function isEmpty(input: ByteReader): Promise<boolean> {
  const data = await input.read(2);
  if (data[0] === 3 && data[1] === 0) return true; // the last block, of nothing but its end
  input.unread(data);
  return false;
}

async function* inflateMember(
  input: ByteReader,
  damage: (why: string) => Error,
): AsyncGenerator<Uint8Array> {
  const decompressor = new Decompressor(createInflateRaw({ chunkSize: 1 << 17 }));
  let checksum = 0;
  let size = 0;
  try {
    for (let pushed = 0; decompressor.consumed === pushed;) {
      const slice = await input.some(SLICE);
      pushed += slice.length;
      const output = await decompressor.push(slice).catch((error) => {
        throw damage(error.message);
      });
      for (const part of output) {
        checksum = crc32(part, checksum);
        size = (size + part.length) % 2 ** 32;
        yield part;
      }
      const rest = pushed - decompressor.consumed;
      if (rest > 0) input.unread(slice.subarray(slice.length - rest));
    }
  } finally {
    decompressor.close();
  }
  await checkTrailer(input, checksum, size, damage);
}

async function checkTrailer(
  input: ByteReader,
  checksum: number,
  size: number,
  damage: (why: string) => Error,
): Promise<void> {
  const trailer = await input.read(8);
  const view = new DataView(trailer.buffer, trailer.byteOffset);
  if (view.getUint32(0, true) !== checksum) throw damage("its checksum differs");
  if (view.getUint32(4, true) !== size) throw damage("its length differs");
}
