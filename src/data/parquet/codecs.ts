import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from "node:zlib";
import type { Compressors } from "hyparquet";

/**
 * What unpacks pages, by the codec's name; snappy is unpacked by hyparquet itself. None gives more
 * than `length` bytes, whatever the page claims.
 */
export const CODECS: Compressors = {
  ZSTD: (page, length) => zstdDecompressSync(page, room(length)),
  GZIP: (page, length) => gunzipSync(page, room(length)),
  BROTLI: (page, length) => brotliDecompressSync(page, room(length)),
};

/** All in one buffer, or as much would be needed again to join several. */
function room(length: number): { maxOutputLength: number; chunkSize: number } {
  return { maxOutputLength: length, chunkSize: Math.max(64, length + 1) };
}

/** Whether pages packed so can be read. */
export function isKnownCodec(codec: string): boolean {
  return codec === "UNCOMPRESSED" || codec === "SNAPPY" || Object.hasOwn(CODECS, codec);
}
