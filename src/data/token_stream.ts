import { UsageError } from "../errors.ts";
import type { Batch } from "../tokens/batch.ts";
import type { CorpusCount, CountOptions, UsedTokens } from "./order/count.ts";
import { plainPosition, type StreamPosition } from "./order/position.ts";
import type { DataSources } from "./files/sources.ts";
import type { Split } from "./text/split.ts";
import { compactVocabulary, plain, type Vocabulary } from "../tokens/vocabulary.ts";
import type { CountedBatch, Job } from "./worker.ts";
import { WorkerClient } from "./threads/worker_client.ts";

/** Tokens that are made ready before they are asked for: 2 MB, and no fewer than 4 batches. */
const AHEAD = 2 ** 18;

/** The most batches that are made ready, however small they are. */
const MOST_AHEAD = 256;

const WORKER = new URL("./worker.ts", import.meta.url);

/** What to read, and into which shape. */
export interface TokenStreamOptions {
  /** Files, globs, directories and URLs. */
  data: DataSources;
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
  /** Read training data in a random order, another one in each pass. @default true */
  shuffle?: boolean;
  /**
   * Leave out documents whose `meta.lang` is another than this, e.g. `en`. Those that do not say
   * what language they are in are kept.
   */
  lang?: string;
  /** Leave out documents of fewer tokens; not `.txt` files. @default 0 */
  minTokens?: number;
  /** Skip and count what cannot be read, instead of failing. @default false */
  skipBad?: boolean;
  /**
   * Threads that tokenize; the batches do not depend on it. One keeps up with millions of tokens a
   * second, and takes the least memory; more than 3 wait for the thread that reads. @default 1
   */
  workers?: number;
  /** Continue where another stream of the same data was. @default the beginning */
  position?: StreamPosition;
}

/** Batches of tokens, read in a worker ahead of their use. Close it after use. */
export interface TokenStream<B extends Batch | undefined = Batch | undefined, P = StreamPosition>
  extends AsyncIterable<Batch>, AsyncDisposable {
  /**
   * The next batch; after the end of a validation pass undefined.
   *
   * @throws {UserError} On data that is bad.
   */
  next(): Promise<B>;
  /**
   * Where the stream is: after the last batch that `next` gave, whatever was read ahead. A stream
   * opened with this position continues with the same batches. Undefined before the first batch.
   */
  readonly position: P | undefined;
  /** The time that `next` has waited for data so far, in milliseconds. */
  readonly waitedMs: number;
  /**
   * The number of bad lines skipped since the stream was opened, each counted in the first pass
   * only; a damaged file is one.
   */
  readonly skipped: number;
  /** Stops reading at once. */
  close(): Promise<void>;
}

/**
 * Opens a stream of token batches over text files, on disk or on servers. A worker reads them:
 * `.jsonl` with a document a line, `.txt` with one document a file, either also compressed by zstd
 * or gzip, and `.tar` archives of such files. Documents are tokenized, joined with
 * `<|endoftext|>` after each, and cut into sequences. 1 document in 20 is for validation, chosen by
 * a hash of its text; of a `.txt` file, 1 piece in 20, of up to 4,096 characters. Memory is bounded:
 * reading stops while enough batches are ready.
 *
 * In each pass training takes the files in another random order, and within blocks of about a
 * million tokens the documents, which are then cut into sequences, and the sequences. Validation keeps the order; a validation part with fewer
 * sequences than one batch is repeated to fill one; otherwise an incomplete last batch is dropped.
 *
 * `.bin` files hold GPT-2 tokens (16 bits each, with llm.c's header or without one) instead of text:
 * those with the word `val` in their names are for validation, or else the last 1 in 20 sequences.
 * They are read by random access, in an order that is random over all of them; validation too, in
 * one that is the same for any seed.
 *
 * @throws {UserError} If files are missing or bad, the part is shorter than one sequence and the
 * token after it, or the position is none of this data and these options.
 * @throws {UsageError} If `context`, `batch`, `minTokens` or `workers` is not such a number.
 *
 * @example
 * ```ts
 * import { fullVocabulary, openTokenStream } from "@agd/gpt2";
 *
 * await using stream = await openTokenStream({
 *   data: ["data/*.jsonl.zst"],
 *   context: 1024,
 *   batch: 8,
 *   split: "training",
 *   vocabulary: fullVocabulary(),
 *   seed: 1,
 * });
 * const { inputs, targets } = await stream.next(); // (8, 1024) each
 * console.log(inputs.length, targets.length);
 * ```
 */
export function openTokenStream(
  options: TokenStreamOptions & { split: "training" },
): Promise<TokenStream<Batch>>;
/** Opens a stream of either part; that of a validation pass ends. */
export function openTokenStream(options: TokenStreamOptions): Promise<TokenStream>;
export async function openTokenStream(options: TokenStreamOptions): Promise<TokenStream> {
  const { data, vocabulary, ...rest } = options;
  const { context, batch, workers = 1, minTokens = 0 } = rest;
  for (const [name, value] of Object.entries({ context, batch, workers })) {
    if (!Number.isInteger(value) || value < 1) {
      throw new UsageError(`${name} must be a positive integer, not ${value}`);
    }
  }
  if (!Number.isInteger(minTokens) || minTokens < 0) {
    throw new UsageError(`minTokens must be 0 or a positive integer, not ${minTokens}`);
  }
  const position = rest.position && plainPosition(rest.position);
  const job: Job = {
    kind: "batches",
    data,
    plain: plain(vocabulary),
    options: { ...rest, position },
  };
  const worker = new WorkerClient<void, CountedBatch | undefined>(WORKER, job);
  const ahead = Math.min(MOST_AHEAD, Math.max(4, Math.ceil(AHEAD / (batch * context))));
  const ready = Array.from({ length: ahead }, () => worker.request());
  try {
    await ready[0];
  } catch (error) {
    worker.close();
    throw error;
  }
  return new WorkerStream(worker, ready, rest.position);
}

/**
 * Reads a corpus once, in a worker, for the tokens that it uses.
 *
 * @param data Files, globs, directories and URLs.
 * @returns The compact vocabulary of the corpus, and its size.
 * @throws {UserError} If files are missing or bad, or there is no text in them.
 *
 * @example
 * ```ts
 * import { collectVocabulary } from "@agd/gpt2";
 *
 * const { vocabulary, documentCount } = await collectVocabulary(["data"]);
 * console.log(vocabulary.size, documentCount);
 * ```
 */
export async function collectVocabulary(
  data: DataSources,
  options: CountOptions = {},
): Promise<CorpusCount & { vocabulary: Vocabulary }> {
  const job: Job = { kind: "count", data, options };
  const worker = new WorkerClient<void, UsedTokens>(WORKER, job);
  try {
    const { tokens, ...count } = await worker.request();
    return { vocabulary: compactVocabulary(tokens), ...count };
  } finally {
    worker.close();
  }
}

class WorkerStream implements TokenStream {
  waitedMs = 0;
  skipped = 0;

  constructor(
    readonly worker: WorkerClient<void, CountedBatch | undefined>,
    readonly ready: Promise<CountedBatch | undefined>[],
    public position: StreamPosition | undefined,
  ) {}

  async next(): Promise<Batch | undefined> {
    this.ready.push(this.worker.request());
    const start = performance.now();
    const counted = await this.ready.shift()!;
    this.waitedMs += performance.now() - start;
    if (!counted) return undefined;
    const { skipped, position, ...batch } = counted;
    this.skipped = skipped;
    this.position = position;
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
