import { type Document, documentsIn } from "../text/documents.ts";
import { free } from "../threads/free.ts";
import { type Filter, isWanted, type TextChunk } from "../text/reader.ts";
import { TokenBuffer } from "../../tokens/token_buffer.ts";
import { type PlainVocabulary, vocabularyOf } from "../../tokens/vocabulary.ts";

/** Tokens converted at a time, as conversion takes some ten times their memory. */
const CONVERTED = 2 ** 16;

/** Documents in model ids. */
export interface Ids {
  /** The ids of all of them, joined: with 2 bytes each, since there are at most 2^16. */
  ids: Uint16Array<ArrayBuffer>;
  /** The number of each document's line, or of each piece, in its shard. */
  numbers: number[];
  /** How many of the ids are from each. */
  lengths: number[];
}

/** What became of a {@linkcode TextChunk}. */
export interface IdChunk extends Ids {
  /** The number of the shard in the order in which they are read. */
  shard: number;
  /** Bad lines that were skipped. */
  skipped: number;
}

/** What becomes of documents: ids of a vocabulary, by default GPT-2's tokens. */
export interface TokenizeOptions extends PlainVocabulary {
  /** Leave out documents of fewer tokens, `<|endoftext|>` not counted. @default 0 */
  minTokens?: number;
}

/** The same for text that is to be parsed first. */
export interface ChunkOptions extends TokenizeOptions, Filter {
  /** Skip and count lines that are no documents, instead of failing. @default false */
  skipBad?: boolean;
}

/**
 * Makes a function that parses text and turns its documents into model ids. The text is gone then.
 *
 * @throws {DataError} As {@linkcode documentsIn}.
 */
export function createChunkTokenizer(options: ChunkOptions): (chunk: TextChunk) => IdChunk {
  const tokenize = createTokenizer(options);
  return ({ shard, block, last }) => {
    let skipped = 0;
    const documents = documentsIn(block, { ...options, onBad: () => skipped++ })
      .filter((document) => !document.whole || isWanted(options, document));
    const ids = tokenize(documents, last);
    if ("bytes" in block) free(block.bytes);
    return { shard, ...ids, skipped };
  };
}

/**
 * Makes a function that turns documents into model ids, with `<|endoftext|>` after each. A `.txt`
 * file is one document: there it comes after the last piece, and no piece is too short.
 */
export function createTokenizer(
  { minTokens = 0, ...plain }: TokenizeOptions,
): (documents: Iterable<Pick<Document, "text" | "number" | "whole">>, last?: boolean) => Ids {
  const vocabulary = vocabularyOf(plain);
  const { tokenizer } = vocabulary;
  const ids = new TokenBuffer();
  /** Makes model ids of the tokens from some index on. */
  const convert = (start: number) => {
    if (!vocabulary.tokens) return;
    const tokens = ids.from(start).slice();
    ids.length = start;
    for (let at = 0; at < tokens.length; at += CONVERTED) {
      for (const id of vocabulary.encode(tokens.subarray(at, at + CONVERTED))) ids.push(id);
    }
  };
  return (documents, last = false) => {
    ids.length = 0;
    const numbers: number[] = [];
    const lengths: number[] = [];
    for (const { text, number, whole } of documents) {
      const start = ids.length;
      tokenizer.encodeTo(text, ids);
      if (whole && ids.length - start < minTokens) {
        ids.length = start;
        continue;
      }
      if (whole) ids.push(tokenizer.endOfText);
      convert(start);
      numbers.push(number);
      lengths.push(ids.length - start);
    }
    if (last) {
      ids.push(tokenizer.endOfText);
      convert(ids.length - 1);
      lengths[lengths.length - 1]++;
    }
    return { ids: ids.from(0).slice(), numbers, lengths };
  };
}
