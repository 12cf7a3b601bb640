import { DataError } from "../files/data_error.ts";
import { PieceStream } from "./pieces.ts";
import type { DocumentOptions, Pieces } from "./block.ts";
import {
  decodeUtf8,
  decodeUtf8Leniently,
  firstInvalid,
  wholeCharacters,
  withoutMark,
} from "./utf8.ts";

/** Pieces are gathered to blocks of at least this many characters, but for the last. */
const BLOCK = 2 ** 18;

/** The text of a `.txt` file, in pieces. */
export async function* readPieces(
  bytes: AsyncIterable<Uint8Array>,
  file: string,
  options: DocumentOptions,
): AsyncGenerator<Pieces> {
  let line = 1;
  let number = 0;
  let block: Pieces = { file, pieces: [] };
  let length = 0;
  const texts = ReadableStream.from(decode(bytes, file, options)).pipeThrough(new PieceStream());
  for await (const text of texts) {
    block.pieces.push({ text, line, number: number++ });
    line += text.split("\n").length - 1;
    length += text.length;
    if (length < BLOCK) continue;
    yield block;
    block = { file, pieces: [] };
    length = 0;
  }
  if (length > 0) yield block;
}

/** Bytes to text. */
async function* decode(
  bytes: AsyncIterable<Uint8Array>,
  file: string,
  { skipBad, onBad }: DocumentOptions,
): AsyncGenerator<string> {
  let position = 0;
  let isBad = false;
  const decodeBlock = (block: Uint8Array): string => {
    let text = decodeUtf8(block);
    if (text === undefined) {
      if (!skipBad) {
        const at = position + firstInvalid(block);
        throw new DataError(
          `${file}: not UTF-8 text at byte ${at}; convert it with iconv, or read over such bytes ` +
            "with --skip-bad",
        );
      }
      text = decodeUtf8Leniently(block);
      isBad = true;
    }
    const plain = position === 0 ? withoutMark(text) : text;
    position += block.length;
    return plain;
  };
  let rest: Uint8Array = new Uint8Array();
  try {
    for await (const chunk of bytes) {
      const block = new Uint8Array(rest.length + chunk.length);
      block.set(rest);
      block.set(chunk, rest.length);
      const length = wholeCharacters(block);
      rest = block.subarray(length);
      if (length > 0) yield decodeBlock(block.subarray(0, length));
    }
    if (rest.length > 0) yield decodeBlock(rest);
  } catch (error) {
    if (!skipBad || !(error instanceof DataError)) throw error;
    isBad = true;
  }
  if (isBad) onBad?.();
}
