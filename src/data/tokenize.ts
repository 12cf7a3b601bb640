import type { TextChunk } from "./reader.ts";
import { TokenBuffer } from "./token_buffer.ts";
import { encodeTo, END_OF_TEXT } from "./tokenizer.ts";
import { compactVocabulary } from "./vocabulary.ts";

/** Tokens converted at a time, as conversion takes some ten times their memory. */
const CONVERTED = 2 ** 16;

/** Documents of one shard that follow each other, in model ids. */
export interface IdChunk {
  /** The number of the shard in the order in which they are read. */
  shard: number;
  /** The ids of all of them, joined: with 2 bytes each, since GPT-2's tokens are fewer than 2^16. */
  ids: Uint16Array<ArrayBuffer>;
  /** The number of each document, or piece, in its shard. */
  numbers: number[];
  /** How many of the ids are from each. */
  lengths: number[];
}

/** What becomes of texts. */
export interface TokenizeOptions {
  /** The tokens of a compact vocabulary; without them ids are GPT-2's tokens. */
  tokens?: Uint32Array;
  /** Leave out documents of fewer tokens, `<|endoftext|>` not counted. @default 0 */
  minTokens?: number;
}

/**
 * Makes a function that turns texts into model ids, with `<|endoftext|>` after each document. A
 * `.txt` file is one document: there it comes after the last piece, and no piece is too short.
 */
export function createTokenizer(
  { tokens, minTokens = 0 }: TokenizeOptions,
): (chunk: TextChunk) => IdChunk {
  const vocabulary = tokens && compactVocabulary(tokens);
  return ({ shard, texts, numbers, pieces, last }) => {
    const ids = new TokenBuffer();
    const kept: number[] = [];
    const lengths: number[] = [];
    texts.forEach((text, i) => {
      const start = ids.length;
      encodeTo(text, ids);
      if (!pieces && ids.length - start < minTokens) {
        ids.length = start;
        return;
      }
      if (!pieces || last && i === texts.length - 1) ids.push(END_OF_TEXT);
      if (vocabulary) {
        const tokens = ids.from(start).slice();
        ids.length = start;
        for (let at = 0; at < tokens.length; at += CONVERTED) {
          for (const id of vocabulary.encode(tokens.subarray(at, at + CONVERTED))) ids.push(id);
        }
      }
      kept.push(numbers[i]);
      lengths.push(ids.length - start);
    });
    return { shard, ids: ids.from(0).slice(), numbers: kept, lengths };
  };
}
