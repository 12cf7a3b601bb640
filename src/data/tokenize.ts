import type { TextChunk } from "./reader.ts";
import { encode, END_OF_TEXT } from "./tokenizer.ts";
import { compactVocabulary } from "./vocabulary.ts";

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
    const parts: ArrayLike<number>[] = [];
    const kept: number[] = [];
    texts.forEach((text, i) => {
      const tokens = encode(text);
      if (!pieces && tokens.length < minTokens) return;
      if (!pieces || last && i === texts.length - 1) tokens.push(END_OF_TEXT);
      parts.push(vocabulary ? vocabulary.encode(tokens) : tokens);
      kept.push(numbers[i]);
    });
    const lengths = parts.map((part) => part.length);
    const ids = new Uint16Array(lengths.reduce((sum, length) => sum + length, 0));
    let at = 0;
    for (const part of parts) {
      ids.set(part, at);
      at += part.length;
    }
    return { shard, ids, numbers: kept, lengths };
  };
}
