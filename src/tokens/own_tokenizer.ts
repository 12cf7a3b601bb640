import { mergeBytes, type Merges } from "./bpe.ts";
import { type ByteLevelEncoding, MOST_TOKENS, type OwnTokens } from "./own_tokens.ts";
import { GPT2_TOKENIZER, type Tokenizer } from "./tokenizer.ts";
import { encodeWords, mergedWords } from "./words.ts";

/**
 * The tokenizer of a model that has its own: GPT-2's split into words, and another byte-pair
 * encoding, or another token that ends a document.
 *
 * @param own Its tokens, consistent.
 * @param files What it was read from, by name.
 */
export function ownTokenizer(own: OwnTokens, files?: ReadonlyMap<string, string>): Tokenizer {
  const { endOfText, encoding } = own;
  const tokens = encoding ? byteLevel(encoding) : GPT2_TOKENIZER;
  const endName = new TextDecoder().decode(tokens.tokenBytes(endOfText));
  return { ...tokens, endOfText, endName, own, files };
}

function byteLevel(
  { bytes, starts, tokenOfByte, merges }: ByteLevelEncoding,
): Pick<Tokenizer, "size" | "encodeTo" | "tokenBytes"> {
  const size = starts.length - 1;
  const ranks = new Map<number, number>();
  for (let rank = 0; 3 * rank < merges.length; rank++) {
    ranks.set(merges[3 * rank] * MOST_TOKENS + merges[3 * rank + 1], rank);
  }
  const pairs: Merges = {
    tokenOfByte,
    rankOf: (left, right) => ranks.get(left * MOST_TOKENS + right) ?? -1,
    joined: (rank) => merges[3 * rank + 2],
  };
  const words = mergedWords((word) => mergeBytes(word, Infinity, pairs));
  return {
    size,
    encodeTo: (text, tokens) => encodeWords(text, tokens, words),
    tokenBytes: (token) => {
      if (!Number.isInteger(token) || token < 0 || token >= size) {
        throw new RangeError(`there is no token ${token}`);
      }
      return bytes.slice(starts[token], starts[token + 1]);
    },
  };
}
