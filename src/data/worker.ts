/** The worker in which data is read; its first message is the {@linkcode Job}. */
import { readBatches } from "./pack/batches.ts";
import type { BatchOptions, PositionedBatch } from "./order/batch.ts";
import { readBinBatches } from "./bin/bin_batches.ts";
import { countBinCorpus, holdTokens } from "./bin/bin_corpus.ts";
import { countCorpus } from "./pack/corpus.ts";
import type { CountOptions, UsedTokens } from "./order/count.ts";
import { type DataSources, findShards } from "./files/sources.ts";
import { type PlainVocabulary, vocabularyOf } from "../tokens/vocabulary.ts";
import { type Answer, serve } from "./threads/worker_server.ts";

/** Read batches, one a request, or count the corpus once. */
export type Job =
  | { kind: "batches"; data: DataSources; plain: PlainVocabulary; options: PlainBatchOptions }
  | { kind: "count"; data: DataSources; options: CountOptions };

/** Those of the options that can be sent. */
export type PlainBatchOptions = Omit<BatchOptions, "shards" | "vocabulary" | "onBad">;

/** A batch, with the number of bad lines that had been skipped when it was made. */
export interface CountedBatch extends PositionedBatch {
  skipped: number;
}

serve<Job, void, CountedBatch | UsedTokens | undefined>((job) =>
  job.kind === "count" ? () => count(job) : batches(job)
);

async function count({ data, options }: Job & { kind: "count" }): Promise<Answer<UsedTokens>> {
  let skipped = 0;
  const { skipBad } = options;
  const shards = await findShards(data, { skipBad, onBad: () => skipped++ });
  const result = holdTokens(shards)
    ? countBinCorpus(shards, options)
    : await countCorpus(shards, options);
  return { result: { ...result, skipped: skipped + result.skipped } };
}

/** The next batch at each call; undefined at the end. */
function batches(job: Job & { kind: "batches" }): () => Promise<Answer<CountedBatch | undefined>> {
  const results = countedBatches(job);
  return async () => {
    const { value: result } = await results.next();
    return { result, transfer: result ? [result.inputs.buffer, result.targets.buffer] : [] };
  };
}

async function* countedBatches(
  { data, plain, options }: Job & { kind: "batches" },
): AsyncGenerator<CountedBatch, undefined> {
  const vocabulary = vocabularyOf(plain);
  let skipped = 0;
  const onBad = () => skipped++;
  const shards = await findShards(data, { skipBad: options.skipBad, onBad });
  const all = { ...options, shards, vocabulary, onBad };
  const read = holdTokens(shards) ? readBinBatches : readBatches;
  for await (const batch of read(all)) yield { ...batch, skipped };
}
