/**
 * The worker in which data is read. The first message is the {@linkcode Job}; it and each message
 * after it ask for one {@linkcode Reply}, and none is made without being asked for.
 */
/// <reference lib="deno.worker" />
import { UserError } from "../errors.ts";
import { type Batch, type BatchOptions, readBatches } from "./batches.ts";
import { countCorpus, type UsedTokens } from "./corpus.ts";
import { findShards } from "./sources.ts";
import { compactVocabulary, fullVocabulary } from "./vocabulary.ts";

/** Read batches without end, or count the corpus once. */
export type Job =
  | { kind: "batches"; data: string[]; tokens?: Uint32Array; options: PlainBatchOptions }
  | { kind: "count"; data: string[]; skipBad?: boolean };

/** Those of the options that can be sent. */
export type PlainBatchOptions = Pick<
  BatchOptions,
  "context" | "batch" | "split" | "seed" | "skipBad"
>;

/** A batch, with the number of bad lines that had been skipped when it was made. */
export interface CountedBatch extends Batch {
  skipped: number;
}

/** A result, none if the job is done, or why it failed; `user` if by the user's mistake. */
export type Reply<T> = { result?: T } | { message: string; stack?: string; user: boolean };

let results: AsyncGenerator<CountedBatch | UsedTokens>;
let last: Promise<void> = Promise.resolve();

self.onmessage = ({ data: job }: MessageEvent<Job | undefined>) => {
  if (job) results = job.kind === "count" ? count(job) : batches(job);
  last = last.then(reply); // requests are answered in order, after a failure with that failure
  last.catch(replyError);
};

async function reply(): Promise<void> {
  const { value: result } = await results.next();
  const buffers = result && "inputs" in result ? [result.inputs.buffer, result.targets.buffer] : [];
  self.postMessage({ result }, buffers);
}

function replyError(error: Error): void {
  const { message, stack } = error;
  self.postMessage({ message, stack, user: error instanceof UserError });
}

async function* count({ data, skipBad }: Job & { kind: "count" }): AsyncGenerator<UsedTokens> {
  yield await countCorpus(await findShards(data), skipBad);
}

async function* batches(
  { data, tokens, options }: Job & { kind: "batches" },
): AsyncGenerator<CountedBatch> {
  const vocabulary = tokens ? compactVocabulary(tokens) : fullVocabulary();
  const shards = await findShards(data);
  let skipped = 0;
  for await (
    const batch of readBatches({ ...options, shards, vocabulary, onBad: () => skipped++ })
  ) {
    yield { ...batch, skipped };
  }
}
