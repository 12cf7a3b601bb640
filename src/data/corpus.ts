import { UserError } from "../errors.ts";
import { readDocuments } from "./documents.ts";
import type { Shard } from "./shard.ts";
import { TokenizeStream } from "./tokenize.ts";
import { END_OF_TEXT, TOKEN_COUNT } from "./tokenizer.ts";

/** The size of a corpus. */
export interface CorpusCount {
  /** The number of documents. */
  documentCount: number;
  /** The number of tokens, with one `<|endoftext|>` a document. */
  tokenCount: number;
  /** The number of bad lines that were skipped. */
  skipped: number;
}

/** A corpus's size, with the GPT-2 tokens that occur in it, ascending. */
export type UsedTokens = CorpusCount & { tokens: Uint32Array<ArrayBuffer> };

/**
 * Reads a whole corpus once, both parts of it, for its size and tokens.
 *
 * @throws {UserError} If it has no document, and on what {@linkcode readDocuments} fails on.
 */
export async function countCorpus(
  shards: readonly Shard[],
  skipBad?: boolean,
): Promise<UsedTokens> {
  const count = { documentCount: 0, tokenCount: 0, skipped: 0 };
  const seen = new Uint8Array(TOKEN_COUNT);
  for (const shard of shards) {
    const documents = await readDocuments(shard, { skipBad, onBad: () => count.skipped++ });
    for await (const tokens of documents.pipeThrough(new TokenizeStream())) {
      count.tokenCount += tokens.length;
      for (const token of tokens) seen[token] = 1;
      if (tokens.at(-1) === END_OF_TEXT) count.documentCount++;
    }
  }
  if (count.documentCount === 0) throw new UserError("there is no text in the data");
  const tokens = Uint32Array.from(seen.keys().filter((token) => seen[token] === 1));
  return { tokens, ...count };
}
