import ranks from "gpt-tokenizer/r50k_base_ranks";
import { asciiWordLength, asciiWordToken } from "./ascii_words.ts";
import { mergeBytes } from "./bpe.ts";
import type { OwnTokens } from "./own_tokens.ts";
import { TokenBuffer } from "./token_buffer.ts";
import { cached, encodeWords, type WordEncoding } from "./words.ts";

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
 * What turns text into tokens and back: GPT-2's, {@linkcode GPT2_TOKENIZER}, or a byte-level
 * byte-pair encoding of a model's own.
 */
export interface Tokenizer {
  /** The number of tokens. */
  readonly size: number;
  /** The token that ends each document. */
  readonly endOfText: number;
  /** What that token is called, e.g. `<|endoftext|>`. */
  readonly endName: string;
  /** What makes it another than GPT-2's. */
  readonly own?: OwnTokens;
  /** The files that it was read from, by name, to be kept beside the model; none are GPT-2's. */
  readonly files?: ReadonlyMap<string, string>;
  /** Adds the tokens of a text to others. */
  encodeTo(text: string, tokens: TokenBuffer): void;
  /**
   * The bytes that a token stands for: often a word, at times a part of a character.
   *
   * @throws {RangeError} If there is no such token.
   */
  tokenBytes(token: number): Uint8Array;
}

/** How words become tokens, by GPT-2's. */
const GPT2_WORDS: WordEncoding = {
  tokenAt: asciiWordToken,
  lengthOf: asciiWordLength,
  encode: cached((bytes) => mergeBytes(bytes)),
};

const encoder = new TextEncoder();

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
  return encodeWith(GPT2_TOKENIZER, text);
}

/** The tokens of a text that a tokenizer gives. */
export function encodeWith(tokenizer: Tokenizer, text: string): number[] {
  const tokens = new TokenBuffer();
  tokenizer.encodeTo(text, tokens);
  return Array.from(tokens.from(0));
}

/** Adds the tokens of a text, as {@linkcode encode} gives them, to others. */
export function encodeTo(text: string, tokens: TokenBuffer): void {
  encodeWords(text, tokens, GPT2_WORDS);
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

/** GPT-2's tokenizer. */
export const GPT2_TOKENIZER: Tokenizer = {
  size: TOKEN_COUNT,
  endOfText: END_OF_TEXT,
  endName: END_NAME,
  encodeTo,
  tokenBytes,
};

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
  readonly #tokenizer: Tokenizer;

  /** @param tokenizer Whose tokens they are. @default GPT-2's */
  /** Starts a text of this tokenizer's tokens. */
  constructor(tokenizer: Tokenizer = GPT2_TOKENIZER) {
    this.#tokenizer = tokenizer;
  }

  /**
   * Adds a token; returns the text that became whole by it, perhaps none.
   *
   * @throws {RangeError} If there is no such token.
   */
  push(token: number): string {
    return this.#utf8.decode(this.#tokenizer.tokenBytes(token), { stream: true });
  }

  /** Ends the text; returns U+FFFD if it ends within a character. */
  end(): string {
    return this.#utf8.decode();
  }
}
