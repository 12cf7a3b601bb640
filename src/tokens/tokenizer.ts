import ranks from "gpt-tokenizer/r50k_base_ranks";
import { asciiWordLength, asciiWordToken } from "./ascii_words.ts";
import { mergeBytes } from "./bpe.ts";
import { cut } from "./cut.ts";
import { TokenBuffer } from "./token_buffer.ts";

/** The number of GPT-2's tokens. */
export const TOKEN_COUNT = 50257;

/**
 * The token `<|endoftext|>`, which ends each document. Text never encodes to it.
 *
 * @example
 * ```ts
 * import { encode, END_OF_TEXT } from "@agd/gpt2";
 *
 * console.log([...encode("One."), END_OF_TEXT, ...encode("Two."), END_OF_TEXT]);
 * ```
 */
export const END_OF_TEXT = 50256;

/** What that token is called. */
export const END_NAME = "<|endoftext|>";

/**
 * GPT-2's split of text into words, each of which is encoded by itself (Radford et al. 2019). White
 * space is Unicode's, as it is there: JavaScript's `\s` counts U+FEFF, too, and leaves out U+0085.
 */
const WORDS =
  /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/uy;

/** Longer texts are encoded in blocks, since a match may take no more memory than the stack has. */
const BLOCK = 2 ** 20;

/** The tokens of words seen lately, for those that are not a single token of ASCII characters. */
const tokensOfWord = new Map<string, number[]>();
const CACHED = 50_000;
const LONGEST_CACHED = 64;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * GPT-2's tokens of a text (its byte-pair encoding, known as r50k_base). `<|endoftext|>` in the
 * text is text like any other, and half a surrogate pair is U+FFFD.
 *
 * The time grows in proportion to the text, whatever is in it. Text of more than 2^20 characters
 * without any white space is cut there, which may change the tokens at the cut.
 *
 * @example
 * ```ts
 * import { encode } from "@agd/gpt2";
 * console.log(encode("Hello world")); // [15496, 995]
 * ```
 */
export function encode(text: string): number[] {
  const tokens = new TokenBuffer();
  encodeTo(text, tokens);
  return Array.from(tokens.from(0));
}

/** Adds the tokens of a text, as {@linkcode encode} gives them, to others. */
export function encodeTo(text: string, tokens: TokenBuffer): void {
  for (let start = 0; start < text.length;) {
    const isLast = text.length - start <= BLOCK;
    const end = isLast ? text.length : cut(text, start, BLOCK);
    const block = start === 0 && isLast ? text : text.slice(start, end);
    for (let at = 0; at < block.length;) {
      const token = asciiWordToken(block, at);
      if (token >= 0) {
        tokens.push(token);
        at += asciiWordLength(token);
        continue;
      }
      WORDS.lastIndex = at;
      const [word] = WORDS.exec(block)!;
      at += word.length;
      for (const token of tokensOfWord.get(word) ?? encodeWord(word)) tokens.push(token);
    }
    start = end;
  }
}

function encodeWord(word: string): number[] {
  const bytes = encoder.encode(word);
  const tokens = mergeBytes(bytes);
  if (word.length <= LONGEST_CACHED) {
    if (tokensOfWord.size === CACHED) tokensOfWord.clear();
    // Not the word itself: as a part of the whole text it would keep that in memory.
    tokensOfWord.set(decoder.decode(bytes), tokens);
  }
  return tokens;
}

/**
 * The bytes that a GPT-2 token stands for: often a word, at times a part of a character.
 *
 * @throws {RangeError} If there is no such token.
 */
export function tokenBytes(token: number): Uint8Array {
  if (token === END_OF_TEXT) return encoder.encode(END_NAME);
  const entry = ranks[token];
  if (entry === undefined) throw new RangeError(`GPT-2 has no token ${token}`);
  return typeof entry === "string" ? encoder.encode(entry) : Uint8Array.from(entry);
}

/**
 * Turns tokens into text as they come. A character whose bytes are spread over several tokens is
 * held back until it is whole; bytes that are no UTF-8 become U+FFFD.
 *
 * @example
 * ```ts
 * import { encode, TokenDecoder } from "@agd/gpt2";
 * const decoder = new TokenDecoder();
 * let text = "";
 * for (const token of encode("a 🌕")) text += decoder.push(token);
 * console.log(text + decoder.end());
 * ```
 */
export class TokenDecoder {
  #utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

  /**
   * Adds a GPT-2 token; returns the text that became whole by it, perhaps none.
   *
   * @throws {RangeError} If there is no such token.
   */
  push(token: number): string {
    return this.#utf8.decode(tokenBytes(token), { stream: true });
  }

  /** Ends the text; returns U+FFFD if it ends within a character. */
  end(): string {
    return this.#utf8.decode();
  }
}
