import { type Document, readDocuments } from "./documents.ts";
import { endOfLine } from "./lines.ts";
import type { Shard } from "../files/shard.ts";
import { isIn, isInLanguage, type SplitPart } from "./split.ts";
import { readTextBlocks } from "./text_blocks.ts";
import type { DocumentOptions, Lines, Rows, TextBlock } from "./block.ts";

/** Text of one shard. Plain data, so that it can be sent to a worker. */
export interface TextChunk {
  /** The number of the shard in the order in which they are read. */
  shard: number;
  /** Lines of all documents, or the pieces that are wanted. */
  block: TextBlock;
  /** Whether these are the last pieces of their document that are wanted. */
  last: boolean;
}

/** Which documents are wanted. */
export interface Filter {
  /** The part of the corpus; without it the whole. */
  part?: SplitPart;
  /** Leave out documents that say to be in another language, e.g. `en`. */
  lang?: string;
}

/** Which documents are read, and how. */
export type ReadOptions = Filter & Pick<DocumentOptions, "skipBad" | "onBad" | "onRead">;

/** Whether a document is wanted. If it does not say what language it is in, it may be. */
export function isWanted(
  { part, lang }: Filter,
  document: Pick<Document, "text" | "lang">,
): boolean {
  return isInLanguage(lang, document.lang) && (part === undefined || isIn(part, document.text));
}

/**
 * Reads shards, one after the other. Lines are not looked into: whether their documents are wanted,
 * or bad, comes out when they are parsed.
 *
 * @param from Where to begin. Shards before it are not opened; lines and pieces before it are
 * counted, to find the next, and dropped.
 * @throws {UserError} On what {@linkcode readTextBlocks} fails on.
 */
export async function* readTexts(
  shards: readonly Shard[],
  options: ReadOptions,
  from = { shard: 0, line: 0 },
): AsyncGenerator<TextChunk> {
  for (let shard = from.shard; shard < shards.length; shard++) {
    const first = shard === from.shard ? from.line : 0;
    let held: TextChunk | undefined; // pieces, until it is known whether they are the last
    for await (const block of readTextBlocks(shards[shard], { ...options, first })) {
      if ("ends" in block) {
        const rows = rowsFrom(first, block);
        if (rows.ends.length > 0) yield { shard, block: rows, last: false };
        continue;
      }
      if ("bytes" in block) {
        const lines = linesFrom(first, block);
        if (lines.count > 0) yield { shard, block: lines, last: false };
        continue;
      }
      const pieces = block.pieces.filter((piece) =>
        piece.number >= first && isWanted(options, piece)
      );
      if (pieces.length === 0) continue;
      if (held) yield held;
      held = { shard, block: { ...block, pieces }, last: false };
    }
    if (held) yield { ...held, last: true };
  }
}

/** Those of the lines that have at least some number in the shard. */
function linesFrom(first: number, lines: Lines): Lines {
  const { line, number, count, bytes } = lines;
  const dropped = Math.min(Math.max(0, first - number), count);
  let start = 0;
  for (let i = 0; i < dropped; i++) start = endOfLine(bytes, start);
  return {
    ...lines,
    line: line + dropped,
    number: number + dropped,
    offset: lines.offset + start,
    count: count - dropped,
    bytes: bytes.subarray(start),
  };
}

/** Those of the rows that have at least some number in the shard. */
function rowsFrom(first: number, rows: Rows): Rows {
  const { number, bytes, ends } = rows;
  const dropped = Math.min(Math.max(0, first - number), ends.length);
  if (dropped === 0) return rows;
  const start = ends[dropped - 1];
  const its = ends.slice(dropped).map((end) => end - start);
  return { ...rows, number: number + dropped, bytes: bytes.slice(start), ends: its };
}

/** All documents of shards, one after the other. */
export async function* readAllDocuments(
  shards: readonly Shard[],
  options: DocumentOptions = {},
): AsyncGenerator<Document> {
  for (const shard of shards) yield* readDocuments(shard, options);
}
