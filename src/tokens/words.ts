import { cut } from "./cut.ts";
import type { TokenBuffer } from "./token_buffer.ts";

/**
 * GPT-2's split of text into words, each of which is encoded by itself (Radford et al. 2019). White
 * space is Unicode's, as it is there: JavaScript's `\s` counts U+FEFF, too, and leaves out U+0085.
 */
const WORDS =
  /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/uy;

/** Longer texts are encoded in blocks, since a match may take no more memory than the stack has. */
const BLOCK = 2 ** 20;

/** Words whose tokens are kept, and how long they may be. */
const CACHED = 50_000;
const LONGEST_CACHED = 64;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** How words become tokens. */
export interface WordEncoding {
  /** The token of the word at a place of a text, if that is quickly found; else -1. */
  tokenAt(text: string, at: number): number;
  /** The number of characters of a token that {@linkcode tokenAt} gave. */
  lengthOf(token: number): number;
  /** The tokens of a word. */
  encode(word: string): readonly number[];
}

/**
 * Adds the tokens of a text to others. The time grows in proportion to the text, whatever is in it.
 * Text of more than 2^20 characters without any white space is cut there, which may change the
 * tokens at the cut.
 */
export function encodeWords(text: string, tokens: TokenBuffer, words: WordEncoding): void {
  for (let start = 0; start < text.length;) {
    const isLast = text.length - start <= BLOCK;
    const end = isLast ? text.length : cut(text, start, BLOCK);
    const block = start === 0 && isLast ? text : text.slice(start, end);
    for (let at = 0; at < block.length;) {
      const token = words.tokenAt(block, at);
      if (token >= 0) {
        tokens.push(token);
        at += words.lengthOf(token);
        continue;
      }
      WORDS.lastIndex = at;
      const [word] = WORDS.exec(block)!;
      at += word.length;
      for (const token of words.encode(word)) tokens.push(token);
    }
    start = end;
  }
}

/** All words by merging: one that is a token need not come out of that. */
export function mergedWords(merge: (bytes: Uint8Array) => number[]): WordEncoding {
  return { tokenAt: () => -1, lengthOf: () => 0, encode: cached(merge) };
}

/** A function from words to tokens that keeps those of words seen lately. */
export function cached(merge: (bytes: Uint8Array) => number[]): (word: string) => number[] {
  const tokensOf = new Map<string, number[]>();
  return (word) => {
    const known = tokensOf.get(word);
    if (known) return known;
    const bytes = encoder.encode(word);
    const tokens = merge(bytes);
    if (word.length <= LONGEST_CACHED) {
      if (tokensOf.size === CACHED) tokensOf.clear();
      // Not the word itself: as a part of the whole text it would keep that in memory.
      tokensOf.set(decoder.decode(bytes), tokens);
    }
    return tokens;
  };
}
