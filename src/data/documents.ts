import { TextLineStream } from "@std/streams/text-line-stream";
import { UserError } from "../errors.ts";
import { PieceStream } from "./pieces.ts";
import { openShard, type Shard } from "./shard.ts";
import { ZstdStream } from "./zstd.ts";

/** A document, or a piece of one. */
export interface Document {
  /** Never empty. */
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
   * Skip lines that are no document, and what follows damage to a compressed file, instead of
   * failing. Bytes that are not UTF-8 become U+FFFD.
   * @default false
   */
  skipBad?: boolean;
  /** Called for each line that was skipped; a damaged or truncated file counts as one. */
  onBad?: () => void;
}

/**
 * Streams the documents of one shard; it is read no faster than they are taken.
 *
 * `.jsonl` and `.jsonl.zst` have a document a line: a JSON string, or an object whose `text` is a
 * string or a list of paragraphs, which are joined by a blank line. Blank lines and empty documents
 * are ignored. A `.txt` file is a single document that comes in pieces (see
 * {@linkcode PieceStream}), so that its length does not matter.
 *
 * The file is closed when the stream ends, fails or is cancelled.
 *
 * @throws {UserError} If the file cannot be opened. The stream fails with a `UserError` on data
 * that is not UTF-8, truncated or damaged, and on a line that is no document.
 */
export async function readDocuments(
  shard: Shard,
  options: DocumentOptions = {},
): Promise<ReadableStream<Document>> {
  const bytes = await openShard(shard);
  const file = shard.name;
  const utf8 = new Utf8Stream(file, options.skipBad);
  if (file.endsWith(".txt")) {
    return bytes.pipeThrough(utf8).pipeThrough(new PieceStream())
      .pipeThrough(new PlainTextStream(file));
  }
  const plain = file.endsWith(".zst")
    ? bytes.pipeThrough(new ZstdStream(file, options.skipBad))
    : bytes;
  return plain.pipeThrough(utf8).pipeThrough(new TextLineStream())
    .pipeThrough(new JsonLineStream(file, options));
}

/** Bytes to text. Unlike TextDecoderStream's, its error names the file. */
class Utf8Stream extends TransformStream<Uint8Array, string> {
  constructor(file: string, skipBad = false) {
    const decoder = new TextDecoder("utf-8", { fatal: !skipBad });
    const decode = (bytes: Uint8Array | undefined) => {
      try {
        return decoder.decode(bytes, { stream: bytes !== undefined });
      } catch {
        throw new UserError(`${file} is not UTF-8 text; convert it with iconv`);
      }
    };
    super({
      transform: (bytes, controller) => controller.enqueue(decode(bytes)),
      flush: (controller) => controller.enqueue(decode(undefined)),
    });
  }
}

/** Pieces of plain text to pieces of a document. */
class PlainTextStream extends TransformStream<string, Document> {
  constructor(file: string) {
    let line = 1;
    super({
      transform(text, controller) {
        controller.enqueue({ text, file, line, whole: false });
        line += text.split("\n").length - 1;
      },
    });
  }
}

/** Lines to documents. */
class JsonLineStream extends TransformStream<string, Document> {
  constructor(file: string, { skipBad, onBad }: DocumentOptions) {
    let line = 0;
    super({
      transform(json, controller) {
        line++;
        if (json.trim() === "") return;
        const parsed = parse(json);
        if (parsed instanceof Error) {
          if (!skipBad) {
            throw new UserError(
              `${file}:${line}: ${parsed.message}; skip such lines with --skip-bad`,
            );
          }
          onBad?.();
        } else if (parsed.text !== "") controller.enqueue({ ...parsed, file, line, whole: true });
      },
    });
  }
}

/** The text of a line and its language, or what is wrong with it. */
function parse(json: string): Pick<Document, "text" | "lang"> | Error {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return new Error("not JSON");
  }
  if (typeof value === "string") return { text: value };
  if (typeof value !== "object" || value === null || !("text" in value)) {
    return new Error('no "text"');
  }
  const text = plainText(value.text);
  if (text === undefined) return new Error('"text" is neither a string nor a list of strings');
  const lang = "meta" in value ? language(value.meta) : undefined;
  return lang === undefined ? { text } : { text, lang };
}

function plainText(text: unknown): string | undefined {
  if (typeof text === "string") return text;
  const isList = Array.isArray(text) && text.every((paragraph) => typeof paragraph === "string");
  return isList ? text.join("\n\n") : undefined;
}

function language(meta: unknown): string | undefined {
  const hasLang = typeof meta === "object" && meta !== null && "lang" in meta;
  return hasLang && typeof meta.lang === "string" ? meta.lang : undefined;
}
