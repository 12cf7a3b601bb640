import { UserError } from "../errors.ts";
import { ByteReader } from "./byte_reader.ts";
import { DataError } from "./data_error.ts";
import { type Format, formatOf } from "./format.ts";
import { gunzip } from "./gzip.ts";
import type { HttpOptions } from "./http_request.ts";
import { parseDocument } from "./json_document.ts";
import { LineSplitter } from "./lines.ts";
import { PieceStream } from "./pieces.ts";
import { readShard, type Shard } from "./shard.ts";
import { tarMembers } from "./tar.ts";
import { isDataMember } from "./tar_index.ts";
import {
  decodeUtf8,
  decodeUtf8Leniently,
  firstInvalid,
  wholeCharacters,
  withoutMark,
} from "./utf8.ts";
import { unzstd } from "./zstd.ts";

/** The most bytes of a line, unless told otherwise: 64 MiB. */
const MAX_LINE = 64 * 2 ** 20;

/** A document, or a piece of one. */
export interface Document {
  /** Never empty, and well-formed: a lone surrogate, which JSON can spell, becomes U+FFFD. */
  text: string;
  /** The file that it is from. */
  file: string;
  /** The line of the file on which it begins, from 1. */
  line: number;
  /** False for a piece of a `.txt` file, which is one document from its first piece to its last. */
  whole: boolean;
  /** The language, from `meta.lang`, e.g. `en`. */
  lang?: string;
}

/** How to treat what cannot be read. */
export interface DocumentOptions {
  /**
   * Skip lines that are no document, and what follows damage to a file, instead of failing. In a
   * `.txt` file, bytes that are not UTF-8 become U+FFFD.
   * @default false
   */
  skipBad?: boolean;
  /** Called for each line that was skipped; a damaged file counts as one, a file with bad bytes too. */
  onBad?: () => void;
  /** Called with numbers of bytes, as they are stored, when they are read. */
  onRead?: (bytes: number) => void;
  /** The most bytes of a line of JSON; a longer one is bad. @default 64 MiB */
  maxLineBytes?: number;
  /** For shards on servers. */
  http?: HttpOptions;
}

/**
 * Streams the documents of one shard; it is read no faster than they are taken.
 *
 * `.jsonl` files have a document a line: a JSON string, or an object whose `text` is a string or a
 * list of paragraphs, which are joined by a blank line. Blank lines and empty documents are
 * ignored. A `.txt` file is a single document that comes in pieces (see {@linkcode PieceStream}),
 * so that its length does not matter. Either may be compressed by zstd or gzip. A byte-order mark
 * at the beginning is dropped. An archive gives the documents of its `.jsonl` files in its order.
 *
 * Memory does not depend on the size of the shard: at most the longest line twice, its document,
 * and what decompression takes. The file is closed when the stream ends, fails or is cancelled.
 *
 * The stream fails with a {@linkcode UserError} if the shard cannot be read, and with a
 * {@linkcode DataError}, which is one, on data that is empty, not UTF-8, truncated or damaged, and
 * on a line that is no document or too long.
 */
export function readDocuments(
  shard: Shard,
  options: DocumentOptions = {},
): ReadableStream<Document> {
  const { name } = shard;
  const format = formatOf(name);
  const bytes = counted(readShard(shard, options.http), options.onRead);
  return ReadableStream.from(
    format?.content === "tar"
      ? archiveDocuments(bytes, name, options)
      : fileDocuments(bytes, name, format, options),
  );
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

async function* archiveDocuments(
  bytes: AsyncIterable<Uint8Array>,
  name: string,
  options: DocumentOptions,
): AsyncGenerator<Document> {
  const input = new ByteReader(bytes, (at) =>
    new DataError(
      `${name} is cut short: it ends at byte ${at}, inside a member of the archive; download it ` +
        "again, or keep what is whole with --skip-bad",
    ));
  const { skipBad, onBad } = options;
  let isCounted = false;
  try {
    for await (const member of tarMembers(input, name)) {
      if (!isDataMember(member)) continue;
      const file = `${name}/${member.path}`;
      const format = formatOf(file);
      if (format?.content === "txt") {
        throw new UserError(`${file} cannot be read in an archive on this server; download it`);
      }
      const body = async function* () {
        const end = member.offset + member.size;
        while (input.position < end) {
          isCounted = await input.atEnd(); // as damage to the member
          yield await input.some(end - input.position);
        }
      };
      yield* fileDocuments(body(), file, format, options);
    }
  } catch (error) {
    if (!skipBad || !(error instanceof DataError)) throw error;
    if (!isCounted) onBad?.();
  } finally {
    await input.close();
  }
}

function fileDocuments(
  bytes: AsyncIterable<Uint8Array>,
  file: string,
  format: Format | undefined,
  options: DocumentOptions,
): AsyncIterable<Document> {
  const { content, compression } = format ?? {};
  const plain = compression === "zstd"
    ? unzstd(bytes, file)
    : compression === "gzip"
    ? gunzip(bytes, file)
    : notEmpty(bytes, file);
  if (content === "jsonl") return jsonDocuments(plain, file, options);
  if (content === "txt") return textDocument(plain, file, options);
  throw new UserError(`${file} holds no text`);
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

/** One document a line. */
async function* jsonDocuments(
  bytes: AsyncIterable<Uint8Array>,
  file: string,
  { skipBad, onBad, maxLineBytes = MAX_LINE }: DocumentOptions,
): AsyncGenerator<Document> {
  const lines = new LineSplitter(maxLineBytes);
  let number = 0;
  const read = (line: Uint8Array | undefined): Document | undefined => {
    number++;
    const document = line === undefined
      ? new Error(`longer than ${maxLineBytes.toLocaleString("en")} bytes`)
      : parseDocument(line, number === 1);
    if (!(document instanceof Error)) {
      return document && { ...document, file, line: number, whole: true };
    }
    if (!skipBad) {
      throw new DataError(
        `${file}:${number}: ${document.message}; skip such lines with --skip-bad`,
      );
    }
    onBad?.();
  };
  try {
    for await (const chunk of bytes) {
      for (const line of lines.push(chunk)) {
        const document = read(line);
        if (document) yield document;
      }
    }
  } catch (error) {
    if (!skipBad || !(error instanceof DataError)) throw error;
    onBad?.();
    return; // with the line that the damage is in
  }
  const rest = lines.end();
  const document = rest && read(rest);
  if (document) yield document;
}

/** A plain text, in pieces. */
async function* textDocument(
  bytes: AsyncIterable<Uint8Array>,
  file: string,
  options: DocumentOptions,
): AsyncGenerator<Document> {
  let line = 1;
  const pieces = ReadableStream.from(decode(bytes, file, options)).pipeThrough(new PieceStream());
  for await (const text of pieces) {
    yield { text, file, line, whole: false };
    line += text.split("\n").length - 1;
  }
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
