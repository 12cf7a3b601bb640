/**
 * Text to token ids and back, as GPT-2 has them, and vocabularies that hold all of its tokens or
 * only those that a corpus uses.
 *
 * @example
 * ```ts
 * import { compactVocabulary, encode, TokenDecoder, type Tokenizer } from "@agd/gpt2/tokens";
 *
 * const tokens = encode("The moon is full.");
 * const decoder = new TokenDecoder();
 * console.log(tokens.map((token) => decoder.push(token))); // ["The", " moon", " is", " full", "."]
 *
 * const vocabulary = compactVocabulary(tokens);
 * console.log(vocabulary.encode(tokens)); // ids from 0 on
 * ```
 *
 * @module
 */
export type { Batch } from "./batch.ts";
export type { TokenBuffer } from "./token_buffer.ts";
export { encode, END_OF_TEXT, TokenDecoder, type Tokenizer } from "./tokenizer.ts";
export type { ByteLevelEncoding, OwnTokens } from "./own_tokens.ts";
export { compactVocabulary, fullVocabulary, type Vocabulary } from "./vocabulary.ts";
