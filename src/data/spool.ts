import { isObject } from "../json.ts";
import { UserError } from "../errors.ts";
import { removeFileSync } from "../files/create_file.ts";
import { fileError } from "../files/file_error.ts";
import { replaceFile } from "../files/replace_file.ts";
import { readFully, writeAll } from "../files/transfer.ts";
import type { Format } from "./files/format.ts";
import { endOfLine, isBlank } from "./text/lines.ts";
import { readTextBlocks } from "./text/text_blocks.ts";
import { decodeUtf8, withoutMark } from "./text/utf8.ts";

/** A file that holds what came from a stream. */
export interface SpooledFile {
  /** Its ending says of what kind it is. */
  path: string;
  /** Its size. */
  bytes: number;
  /** Documents line by line, one plain text, documents row by row, or an archive of data files. */
  content: Exclude<Format["content"], "bin">;
}

/**
 * Writes what comes from a stream to a file `stdin.jsonl`, `.txt`, `.parquet` or `.tar` in a directory, with
 * `.zst` or `.gz` if it is packed: data is read more than once, and from anywhere. Which it is, its
 * beginning says: it is documents if its first lines are JSON (an object, or two strings).
 *
 * @throws {UserError} If there is nothing, what is packed is damaged, or it cannot be read or written.
 */
export async function spool(
  input: ReadableStream<Uint8Array>,
  directory: string,
): Promise<SpooledFile> {
  const raw = `${directory}/stdin`;
  let bytes = 0;
  await replaceFile(raw, async (file) => {
    for await (const chunk of chunksOf(input)) {
      await writeAll(file, chunk);
      bytes += chunk.length;
    }
  });
  try {
    if (bytes === 0) throw empty();
    const format = await formatOfFile(raw);
    const { content, compression } = format;
    const packed = { zstd: ".zst", gzip: ".gz" };
    const path = `${raw}.${content}${compression ? packed[compression] : ""}`;
    await Deno.rename(raw, path);
    return { path, bytes, content };
  } catch (error) {
    removeFileSync(raw);
    throw fileError(error, `${raw}: cannot write`);
  }
}

async function* chunksOf(input: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* input;
  } catch (error) {
    throw fileError(error, "standard input: cannot read");
  }
}

/** The format of a file, by its beginning. */
async function formatOfFile(path: string): Promise<Format & Pick<SpooledFile, "content">> {
  const head = new Uint8Array(TAR.at + TAR.bytes.length);
  {
    using file = await Deno.open(path);
    await readFully(file, head);
  }
  const begins = ({ at, bytes }: typeof TAR) => bytes.every((byte, i) => head[at + i] === byte);
  if (begins(TAR)) return { content: "tar" };
  if (begins(PARQUET)) return { content: "parquet" };
  const compression = begins(ZSTD) ? "zstd" : begins(GZIP) ? "gzip" : undefined;
  return { content: await holdsDocuments(path, compression) ? "jsonl" : "txt", compression };
}

const TAR = { at: 257, bytes: new TextEncoder().encode("ustar") };
const PARQUET = { at: 0, bytes: new TextEncoder().encode("PAR1") };
const ZSTD = { at: 0, bytes: Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd) };
const GZIP = { at: 0, bytes: Uint8Array.of(0x1f, 0x8b) };

/** Whether the first line that is not blank, and the one after a string, are JSON of documents. */
async function holdsDocuments(
  path: string,
  compression: Format["compression"],
): Promise<boolean> {
  const ending = { zstd: ".zst", gzip: ".gz" };
  const name = `standard input.jsonl${compression ? ending[compression] : ""}`;
  let strings = 0;
  for await (const block of readTextBlocks({ name, source: path })) {
    if (!("bytes" in block)) continue;
    for (const line of linesOf(block.bytes)) {
      const kind = kindOf(line);
      if (kind !== "string") return kind === "object";
      if (++strings === 2) return true;
    }
  }
  if (strings === 0) throw empty();
  return true;
}

/** The lines that are not blank. */
function* linesOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let start = 0; start < bytes.length;) {
    const end = endOfLine(bytes, start);
    if (!isBlank(bytes, start, end)) yield bytes.subarray(start, end);
    start = end;
  }
}

/** What a line is as JSON, if it may be a document. */
function kindOf(line: Uint8Array): "object" | "string" | undefined {
  try {
    const value: unknown = JSON.parse(withoutMark(decodeUtf8(line) ?? ""));
    return isObject(value) ? "object" : typeof value === "string" ? "string" : undefined;
  } catch {
    return undefined;
  }
}

function empty(): UserError {
  return new UserError(
    "standard input is empty: the program before may have failed, or found nothing",
    "DATA",
  );
}
