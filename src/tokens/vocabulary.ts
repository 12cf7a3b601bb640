import type { OwnTokens } from "./own_tokens.ts";
import { ownTokenizer } from "./own_tokenizer.ts";
import {
  END_OF_TEXT,
  GPT2_TOKENIZER,
  TOKEN_COUNT,
  tokenBytes,
  type Tokenizer,
} from "./tokenizer.ts";

/** The tokens that a model knows, numbered from 0 without gaps: its own ids. */
export interface Vocabulary {
  /** What turns text into tokens, from which the ids are made. */
  readonly tokenizer: Tokenizer;
  /** The number of tokens. */
  readonly size: number;
  /** The model id of the token that ends a document. */
  readonly endOfText: number;
  /** The tokenizer's token of each model id, ascending; undefined if the two are the same. */
  readonly tokens?: Uint32Array<ArrayBuffer>;
  /**
   * Tokens to model ids. A token that the vocabulary lacks becomes its bytes, one id each.
   *
   * @throws {RangeError} If the tokenizer has no such token.
   */
  encode(tokens: ArrayLike<number>): Uint32Array<ArrayBuffer>;
  /**
   * A model id to its token.
   *
   * @throws {RangeError} If there is no such id.
   */
  decode(id: number): number;
}

/** A vocabulary as plain data, which can be sent to another thread. */
export interface PlainVocabulary {
  /** The tokens of a compact one. */
  tokens?: Uint32Array;
  /** A tokenizer other than GPT-2's. */
  own?: OwnTokens;
}

/** What {@linkcode vocabularyOf} makes the same vocabulary of. */
export function plain({ tokens, tokenizer: { own } }: Vocabulary): PlainVocabulary {
  return { tokens, own };
}

/** The vocabulary of plain data. */
export function vocabularyOf({ tokens, own }: PlainVocabulary): Vocabulary {
  return tokens ? compactVocabulary(tokens) : fullVocabulary(own && ownTokenizer(own));
}

/**
 * All tokens of a tokenizer.
 *
 * @param tokenizer Whose. @default GPT-2's, 50,257
 *
 * @example
 * ```ts
 * import { encode, fullVocabulary } from "@agd/gpt2";
 *
 * console.log(fullVocabulary().encode(encode("Hello world"))); // [15496, 995]
 * ```
 */
export function fullVocabulary(tokenizer: Tokenizer = GPT2_TOKENIZER): Vocabulary {
  const { size, endOfText } = tokenizer;
  return {
    tokenizer,
    size,
    endOfText,
    encode(tokens) {
      const ids = new Uint32Array(tokens.length);
      for (let i = 0; i < tokens.length; i++) ids[i] = checked(tokens[i], size);
      return ids;
    },
    decode: (id) => checked(id, size),
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
  const ordered = Uint32Array.from(known, (token) => checked(token)).sort();
  const idOf = new Int32Array(TOKEN_COUNT).fill(-1);
  ordered.forEach((token, id) => idOf[token] = id);
  return {
    tokenizer: GPT2_TOKENIZER,
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

/** @param size The number of tokens. */
function checked(token: number, size = TOKEN_COUNT): number {
  if (Number.isInteger(token) && token >= 0 && token < size) return token;
  throw new RangeError(`${size === TOKEN_COUNT ? "GPT-2" : "the tokenizer"} has no token ${token}`);
}
