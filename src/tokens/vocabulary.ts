import { END_OF_TEXT, TOKEN_COUNT, tokenBytes } from "./tokenizer.ts";

/** The tokens that a model knows, numbered from 0 without gaps: its own ids. */
export interface Vocabulary {
  /** The number of tokens. */
  readonly size: number;
  /** The model id of `<|endoftext|>`. */
  readonly endOfText: number;
  /** The GPT-2 token of each model id, ascending; undefined if the two are the same. */
  readonly tokens?: Uint32Array<ArrayBuffer>;
  /**
   * GPT-2 tokens to model ids. A token that the vocabulary lacks becomes its bytes, one id each.
   *
   * @throws {RangeError} If GPT-2 has no such token.
   */
  encode(tokens: ArrayLike<number>): Uint32Array<ArrayBuffer>;
  /**
   * A model id to its GPT-2 token.
   *
   * @throws {RangeError} If there is no such id.
   */
  decode(id: number): number;
}

/**
 * GPT-2's own vocabulary of 50,257 tokens.
 *
 * @example
 * ```ts
 * import { encode, fullVocabulary } from "@agd/gpt2";
 *
 * console.log(fullVocabulary().encode(encode("Hello world"))); // [15496, 995]
 * ```
 */
export function fullVocabulary(): Vocabulary {
  return {
    size: TOKEN_COUNT,
    endOfText: END_OF_TEXT,
    encode(tokens) {
      const ids = new Uint32Array(tokens.length);
      for (let i = 0; i < tokens.length; i++) ids[i] = checked(tokens[i]);
      return ids;
    },
    decode: checked,
  };
}

/**
 * The vocabulary of the given GPT-2 tokens, the 256 tokens of a single byte and `<|endoftext|>`.
 * A small corpus uses a small part of GPT-2's tokens, and the rest would be wasted on it. The bytes
 * make sure that any text can still be written.
 *
 * @param tokens In any order; from a {@linkcode Vocabulary}'s own `tokens` the same one results.
 * @throws {RangeError} If GPT-2 has no such token.
 *
 * @example
 * ```ts
 * import { compactVocabulary, encode } from "@agd/gpt2";
 *
 * const vocabulary = compactVocabulary(encode("Hello world"));
 * console.log(vocabulary.size); // 259: two words, 256 bytes and <|endoftext|>
 * ```
 */
export function compactVocabulary(tokens: Iterable<number>): Vocabulary {
  const known = new Set([...BYTES, END_OF_TEXT, ...tokens]);
  const ordered = Uint32Array.from(known, checked).sort();
  const idOf = new Int32Array(TOKEN_COUNT).fill(-1);
  ordered.forEach((token, id) => idOf[token] = id);
  return {
    size: ordered.length,
    endOfText: idOf[END_OF_TEXT],
    tokens: ordered,
    encode(tokens) {
      const ids: number[] = [];
      for (let i = 0; i < tokens.length; i++) {
        const id = idOf[checked(tokens[i])];
        if (id >= 0) ids.push(id);
        else for (const byte of tokenBytes(tokens[i])) ids.push(idOf[tokenOfByte[byte]]);
      }
      return Uint32Array.from(ids);
    },
    decode(id) {
      if (!(id in ordered)) throw new RangeError(`the vocabulary has no id ${id}`);
      return ordered[id];
    },
  };
}

/** GPT-2's first 256 tokens are the single bytes, in an order of their own. */
const BYTES = Array.from({ length: 256 }, (_, token) => token);
const tokenOfByte = new Uint8Array(256);
for (const token of BYTES) tokenOfByte[tokenBytes(token)[0]] = token;

function checked(token: number): number {
  if (Number.isInteger(token) && token >= 0 && token < TOKEN_COUNT) return token;
  throw new RangeError(`GPT-2 has no token ${token}`);
}
