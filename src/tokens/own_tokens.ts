/** A model's own tokens, where they are not GPT-2's: plain data, to be sent to another thread. */
export interface OwnTokens {
  /** The token that ends each document. */
  endOfText: number;
  /** The encoding. @default GPT-2's, so that only the end is another */
  encoding?: ByteLevelEncoding;
}

/** A byte-level byte-pair encoding as plain data. */
export interface ByteLevelEncoding {
  /** The bytes of all tokens, one after the other. */
  bytes: Uint8Array<ArrayBuffer>;
  /** Where those of each token begin, and after the last one their end. */
  starts: Uint32Array<ArrayBuffer>;
  /** The token of each byte. */
  tokenOfByte: Uint32Array<ArrayBuffer>;
  /** By rank, three numbers each: the two tokens that are joined, and what they become. */
  merges: Uint32Array<ArrayBuffer>;
}

/** The most tokens that a vocabulary may have: they are kept in 16 bits. */
export const MOST_TOKENS = 2 ** 16;
