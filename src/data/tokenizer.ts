import { encode as encodeText } from "gpt-tokenizer/r50k_base";
import ranks from "gpt-tokenizer/r50k_base_ranks";

/** The number of GPT-2's tokens. */
export const TOKEN_COUNT = 50257;

/** The token `<|endoftext|>`, which ends each document. Text never encodes to it. */
export const END_OF_TEXT = 50256;

/**
 * GPT-2's tokens of a text (its byte-pair encoding, known as r50k_base). `<|endoftext|>` in the
 * text is text like any other.
 *
 * Runs of more than 1,024 letters, of digits, of other symbols or of white space are encoded in
 * parts, since the time to merge an unbroken run grows with the square of its length.
 *
 * @example
 * ```ts
 * import { encode } from "@agd/gpt2";
 * console.log(encode("Hello world")); // [15496, 995]
 * ```
 */
export function encode(text: string): number[] {
  if (!mayHaveLongRun(text)) return encodeText(text, PLAIN);
  const tokens: number[] = [];
  let start = 0;
  for (const run of text.matchAll(LONG_RUN)) {
    const end = run.index + run[0].length;
    for (const token of encodeText(text.slice(start, end), PLAIN)) tokens.push(token);
    start = end;
  }
  for (const token of encodeText(text.slice(start), PLAIN)) tokens.push(token);
  return tokens;
}

const PLAIN = { disallowedSpecial: new Set<string>() };
const LONG_RUN = /\p{L}{1024}|\p{N}{1024}|[^\s\p{L}\p{N}]{1024}|\s{1024}/gu;
const RUN_BLOCK = /\S{512}|\s{512}/y;

/** A run of 1,024 covers 512 characters from some multiple of 512 on; to look there is cheap. */
function mayHaveLongRun(text: string): boolean {
  for (let at = 0; at + 512 <= text.length; at += 512) {
    RUN_BLOCK.lastIndex = at;
    if (RUN_BLOCK.test(text)) return true;
  }
  return false;
}

const encoder = new TextEncoder();

/**
 * The bytes that a GPT-2 token stands for: often a word, at times a part of a character.
 *
 * @throws {RangeError} If there is no such token.
 */
export function tokenBytes(token: number): Uint8Array {
  if (token === END_OF_TEXT) return encoder.encode("<|endoftext|>");
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
