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

/** Which documents count, and how they are read. */
export interface CountOptions {
  /** Leave out documents whose `meta.lang` is another than this. */
  lang?: string;
  /** Leave out documents of fewer tokens; not `.txt` files. @default 0 */
  minTokens?: number;
  /** Skip and count what cannot be read, instead of failing. @default false */
  skipBad?: boolean;
  /** Threads that tokenize. @default 1 */
  workers?: number;
}
