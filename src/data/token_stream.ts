import { UsageError } from "../errors.ts";
import type { Batch } from "./batches.ts";
import type { CorpusCount, UsedTokens } from "./corpus.ts";
import type { Split } from "./split.ts";
import { compactVocabulary, type Vocabulary } from "./vocabulary.ts";
import type { CountedBatch } from "./worker.ts";
import { DataWorker } from "./worker_client.ts";

/** Batches that are made ready, at most, before they are asked for. */
const AHEAD = 4;

/** What to read, and into which shape. */
export interface TokenStreamOptions {
  /** Files, globs and directories. */
  data: readonly string[];
  /** Tokens in a sequence. */
  context: number;
  /** Sequences in a batch. */
  batch: number;
  /** Training repeats its part of the corpus for ever; validation is a single pass. */
  split: Split;
  /** The model's vocabulary. */
  vocabulary: Vocabulary;
  /** Any integer: the same seed and files give the same batches. */
  seed: number;
  /** Skip and count what cannot be read, instead of failing. @default false */
  skipBad?: boolean;
}

/** Batches of tokens, read in a worker ahead of their use. Close it after use. */
export interface TokenStream<B extends Batch | undefined = Batch | undefined>
  extends AsyncIterable<Batch>, AsyncDisposable {
  /**
   * The next batch; after the end of a validation pass undefined.
   *
   * @throws {UserError} On data that is bad.
   */
  next(): Promise<B>;
  /** The time that `next` has waited for data so far, in milliseconds. */
  readonly waitedMs: number;
  /** The number of bad lines skipped so far, each counted once; a damaged file is one. */
  readonly skipped: number;
  /** Stops reading at once. */
  close(): Promise<void>;
}

/**
 * Opens a stream of token batches over text files. A worker reads them: `.jsonl.zst` and `.jsonl`
 * with a document a line, `.txt` with one document a file. Documents are tokenized, joined with
 * `<|endoftext|>` after each, and cut into sequences. 1 document in 20 is for validation, chosen by
 * a hash of its text; of a `.txt` file, 1 piece in 20, of up to 4,096 characters. Memory is bounded: reading stops while enough batches are ready.
 *
 * Training sequences are shuffled within a buffer of 1,024. A validation part with fewer
 * sequences than one batch is repeated to fill one; otherwise an incomplete last batch is dropped.
 *
 * @throws {UserError} If files are missing or bad, or the part is shorter than one sequence and
 * the token after it.
 * @throws {UsageError} If `context` or `batch` is not a positive integer.
 *
 * @example
 * ```ts no-run
 * import { fullVocabulary, openTokenStream } from "@agd/gpt2";
 * await using stream = await openTokenStream({
 *   data: ["owt2/*.jsonl.zst"],
 *   context: 1024,
 *   batch: 8,
 *   split: "training",
 *   vocabulary: fullVocabulary(),
 *   seed: 1,
 * });
 * const { inputs, targets } = await stream.next(); // (8, 1024) each
 * ```
 */
export function openTokenStream(
  options: TokenStreamOptions & { split: "training" },
): Promise<TokenStream<Batch>>;
/** Opens a stream of either part; that of a validation pass ends. */
export function openTokenStream(options: TokenStreamOptions): Promise<TokenStream>;
export async function openTokenStream(options: TokenStreamOptions): Promise<TokenStream> {
  const { data, context, batch, split, vocabulary, seed, skipBad } = options;
  for (const [name, value] of Object.entries({ context, batch })) {
    if (!Number.isInteger(value) || value < 1) {
      throw new UsageError(`${name} must be a positive integer, not ${value}`);
    }
  }
  const worker = new DataWorker<CountedBatch>({
    ...{ kind: "batches", data: [...data], tokens: vocabulary.tokens },
    options: { context, batch, split, seed, skipBad },
  });
  const ready = Array.from({ length: AHEAD }, () => worker.request());
  try {
    await ready[0];
  } catch (error) {
    worker.close();
    throw error;
  }
  return new WorkerStream(worker, ready);
}

/**
 * Reads a corpus once, in a worker, for the tokens that it uses.
 *
 * @param data Files, globs and directories.
 * @returns The compact vocabulary of the corpus, and its size.
 * @throws {UserError} If files are missing or bad, or there is no text in them.
 */
export async function collectVocabulary(
  data: readonly string[],
  options: { skipBad?: boolean } = {},
): Promise<CorpusCount & { vocabulary: Vocabulary }> {
  const worker = new DataWorker<UsedTokens>({ kind: "count", data: [...data], ...options });
  try {
    const { tokens, ...count } = (await worker.request())!;
    return { vocabulary: compactVocabulary(tokens), ...count };
  } finally {
    worker.close();
  }
}

class WorkerStream implements TokenStream {
  waitedMs = 0;
  skipped = 0;

  constructor(
    readonly worker: DataWorker<CountedBatch>,
    readonly ready: Promise<CountedBatch | undefined>[],
  ) {}

  async next(): Promise<Batch | undefined> {
    this.ready.push(this.worker.request());
    const start = performance.now();
    const counted = await this.ready.shift()!;
    this.waitedMs += performance.now() - start;
    if (!counted) return undefined;
    const { skipped, ...batch } = counted;
    this.skipped = skipped;
    return batch;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Batch> {
    try {
      for (let batch; (batch = await this.next());) yield batch;
    } finally {
      await this.close();
    }
  }

  close(): Promise<void> {
    this.worker.close();
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
