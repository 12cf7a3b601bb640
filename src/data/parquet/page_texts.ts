import type { DecodedArray, PageHeader } from "hyparquet";
import { decompressPage, readDataPage, readDataPageV2 } from "hyparquet/datapage";
import { readRleBitPackedHybrid } from "hyparquet/encoding";
import { readPlain } from "hyparquet/plain";
import { free } from "../threads/free.ts";
import type { Chunk } from "./column.ts";

/** A page as it is stored. */
export interface StoredPage {
  header: PageHeader;
  packed: Uint8Array<ArrayBuffer>;
}

/** The values that other pages of the chunk refer to by their numbers. */
export type Dictionary = DecodedArray;

/** Pages of fewer bytes are left to garbage collection, and may share memory with others. */
const LARGE = 2 ** 20;

/** Reads the page of a dictionary. */
export function readDictionary({ header, packed }: StoredPage, { decoder }: Chunk): Dictionary {
  const { type, codec, compressors } = decoder;
  const { dictionary_page_header: its, uncompressed_page_size: length } = header;
  // In memory of its own: it outlasts the page.
  const page = decompressPage(packed.slice(), length, codec, compressors);
  const count = Math.min(its?.num_values ?? 0, length);
  return readPlain({ view: viewOf(page), offset: 0 }, type, count, undefined);
}

/**
 * The texts of a page of rows, as UTF-8; undefined for null. Each is valid until the next is taken.
 *
 * @throws {Error} If the page is damaged.
 */
export function* textsIn(
  page: StoredPage,
  chunk: Chunk,
  dictionary: Dictionary | undefined,
): Generator<Uint8Array | undefined> {
  const { data_page_header: v1, data_page_header_v2: v2 } = page.header;
  const { encoding, num_values: count } = (v2 ?? v1)!;
  if (encoding === "PLAIN") return yield* plainTexts(page, chunk, count);
  const { decoder, maxLevel } = chunk;
  const { dataPage, definitionLevels = [] } = v2
    ? readDataPageV2(page.packed, page.header, decoder)
    : readDataPage(unpack(page, chunk), v1!, decoder);
  const isIndex = encoding.endsWith("_DICTIONARY");
  if (isIndex && !dictionary) throw new Error("it lacks its dictionary");
  for (let row = 0, next = 0; row < count; row++) {
    const isNull = definitionLevels.length > 0 && definitionLevels[row] !== maxLevel;
    if (isNull) {
      yield undefined;
      continue;
    }
    const value: unknown = isIndex ? dictionary![dataPage[next++] as number] : dataPage[next++];
    if (!(value instanceof Uint8Array)) throw new Error("it has fewer values than it says");
    yield value;
  }
}

/**
 * The texts of a page that are there as they are, taken one by one: those of a large page, hundreds
 * of thousands at once as hyparquet gives them, would take several times its memory.
 */
function* plainTexts(
  page: StoredPage,
  chunk: Chunk,
  count: number,
): Generator<Uint8Array | undefined> {
  const { packed } = page;
  const { levels, values } = readLevels(page, chunk, count);
  const isUnpacked = values.buffer !== packed.buffer;
  // Not if it is a part of what was read at once.
  const isAlone = packed.length === packed.buffer.byteLength;
  if (isUnpacked && isAlone) freeLarge(packed);
  const view = viewOf(values);
  try {
    for (let row = 0, at = 0; row < count; row++) {
      if (levels && levels[row] !== chunk.maxLevel) {
        yield undefined;
        continue;
      }
      const start = at + 4;
      at = start + view.getUint32(at, true);
      if (at > values.length) throw new Error("a text ends behind it");
      yield values.subarray(start, at);
    }
  } finally {
    if (isUnpacked || isAlone) freeLarge(values);
  }
}

/** Frees the memory of a large page at once. */
function freeLarge(page: Uint8Array<ArrayBuffer>): void {
  if (page.length >= LARGE) free(page);
}

/** The definition levels, if there may be nulls, and the values after them. */
function readLevels(
  page: StoredPage,
  chunk: Chunk,
  count: number,
): { levels?: Uint8Array; values: Uint8Array<ArrayBuffer> } {
  const { maxLevel } = chunk;
  const levels = maxLevel > 0 ? new Uint8Array(count) : undefined;
  const width = 32 - Math.clz32(maxLevel);
  const { data_page_header_v2: v2 } = page.header;
  if (!v2) {
    const unpacked = unpack(page, chunk);
    const reader = { view: viewOf(unpacked), offset: 0 };
    if (levels) readRleBitPackedHybrid(reader, width, levels);
    return { levels, values: unpacked.subarray(reader.offset) };
  }
  const { definition_levels_byte_length: length, is_compressed } = v2;
  const reader = { view: viewOf(page.packed), offset: 0 };
  if (levels) readRleBitPackedHybrid(reader, width, levels, length);
  const rest = { ...page, packed: page.packed.subarray(length) };
  return { levels, values: is_compressed === false ? rest.packed : unpack(rest, chunk, length) };
}

/** @param before Bytes of the page that are not packed. */
function unpack(
  { header, packed }: StoredPage,
  { decoder: { codec, compressors } }: Chunk,
  before = 0,
): Uint8Array<ArrayBuffer> {
  const length = header.uncompressed_page_size - before;
  if (length === 0) return new Uint8Array(); // of nulls only: no stream of any codec
  return decompressPage(packed, length, codec, compressors) as Uint8Array<ArrayBuffer>;
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}
