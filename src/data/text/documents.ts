import { DataError } from "../files/data_error.ts";
import { formatOf } from "../files/format.ts";
import { free } from "../threads/free.ts";
import { type ParsedDocument, parseDocument } from "./json_document.ts";
import { endOfLine, isBlank } from "./lines.ts";
import type { Shard } from "../files/shard.ts";
import { readTextBlocks } from "./text_blocks.ts";
import type { DocumentOptions, Lines, Rows, TextBlock } from "./block.ts";
import { decodeUtf8, firstInvalid } from "./utf8.ts";

/** A document, or a piece of one. */
export interface Document {
  /** Never empty, and well-formed: a lone surrogate, which JSON can spell, becomes U+FFFD. */
  text: string;
  /** The file that it is from. */
  file: string;
  /** The line of the file on which it begins, or the row, from 1. */
  line: number;
  /** The number of this line or row, or of the piece, in the shard, from 0. */
  number: number;
  /** False for a piece of a `.txt` file, which is one document from its first piece to its last. */
  whole: boolean;
  /** The language, from `meta.lang`, e.g. `en`. */
  lang?: string;
}

/**
 * Streams the documents of one shard; it is read no faster than they are taken.
 *
 * A line of a `.jsonl` file is a JSON string, or an object whose `text` is a string or a list of
 * paragraphs, which are joined by a blank line. Blank lines and empty documents are ignored. A
 * byte-order mark at the beginning of a file is dropped. A row of a `.parquet` file is a document if
 * it has a text.
 *
 * @throws {UserError} On what {@linkcode readTextBlocks} fails on.
 * @throws {DataError} On a line that is not UTF-8, no document or too long, unless such lines are to
 * be skipped.
 */
export async function* readDocuments(
  shard: Shard,
  options: DocumentOptions = {},
): AsyncGenerator<Document> {
  for await (const block of readTextBlocks(shard, options)) {
    yield* documentsIn(block, options);
    if ("bytes" in block) free(block.bytes);
  }
}

/**
 * The documents in a block.
 *
 * @throws {DataError} As {@linkcode readDocuments}.
 */
export function* documentsIn(
  block: TextBlock,
  { skipBad, onBad }: Pick<DocumentOptions, "skipBad" | "onBad">,
): Generator<Document> {
  const { file } = block;
  if ("pieces" in block) {
    for (const piece of block.pieces) yield { ...piece, file, whole: false };
    return;
  }
  if ("ends" in block) return yield* rowsIn(block, { skipBad, onBad });
  let { line, number } = block;
  for (let start = 0, end; start < block.bytes.length; start = end, line++, number++) {
    end = endOfLine(block.bytes, start);
    const document = parseLine(block, start, end, line);
    if (!(document instanceof Error)) {
      if (document) yield { ...document, file, line, number, whole: true };
      continue;
    }
    if (!skipBad) {
      const unit = formatOf(file)?.compression ? "unpacked byte" : "byte";
      throw new DataError(
        `${file}:${line}: ${document.message} (the line begins at ${unit} ${
          block.offset + start
        }); ` +
          "skip such lines with --skip-bad",
      );
    }
    onBad?.();
  }
}

function* rowsIn(
  { file, number: first, bytes, ends, maxLineBytes }: Rows,
  { skipBad, onBad }: Pick<DocumentOptions, "skipBad" | "onBad">,
): Generator<Document> {
  for (let row = 0, start = 0; row < ends.length; start = ends[row++]) {
    if (start === ends[row]) continue; // at once: there may be millions
    const text = rowText(bytes.subarray(start, ends[row]), maxLineBytes);
    const number = first + row;
    if (!(text instanceof Error)) {
      yield { text, file, line: number + 1, number, whole: true };
      continue;
    }
    if (!skipBad) {
      throw new DataError(
        `${file}: row ${number + 1}: ${text.message}; skip such rows with --skip-bad`,
      );
    }
    onBad?.();
  }
}

function rowText(bytes: Uint8Array, most: number): string | Error {
  if (bytes.length > most) return new Error(`longer than ${most.toLocaleString("en")} bytes`);
  return decodeUtf8(bytes) ??
    new Error(`not UTF-8 text at byte ${firstInvalid(bytes)} of the text`);
}

function parseLine(
  { bytes, maxLineBytes }: Lines,
  start: number,
  end: number,
  line: number,
): ParsedDocument | Error | undefined {
  // A longer one was cut after so many bytes, its end too.
  if (end - start > maxLineBytes && bytes[end - 1] !== 10) {
    return new Error(`longer than ${maxLineBytes.toLocaleString("en")} bytes`);
  }
  if (isBlank(bytes, start, end)) return undefined; // at once: there may be millions in a few bytes
  return parseDocument(bytes.subarray(start, end), line === 1);
}
