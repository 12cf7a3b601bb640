import { createHash } from "node:crypto";
import type { Batch } from "../tokens/batch.ts";
import { identify, otherStream, type StreamPosition } from "../data/order/position.ts";
import type { Shard } from "../data/files/shard.ts";
import { findShards } from "../data/files/sources.ts";
import {
  openTokenStream,
  type TokenStream,
  type TokenStreamOptions,
} from "../data/token_stream.ts";
import type { Gpt2 } from "../model/gpt2.ts";
import type { RunOptions } from "./options.ts";
import type { TrainingState } from "./training_state.ts";

/** What a run reads. */
export interface RunData {
  /** The training part; to be closed. */
  batches: TokenStream<Batch>;
  /** The first batches of the validation part. */
  validation: Batch[];
  /** What identifies those, if there are any. */
  validationId: string | null;
  /** Bad parts of archives that were skipped before. */
  skipped: number;
}

/**
 * Opens the data of a run, at the place where a resumed one was.
 *
 * @throws {UserError} If the data is bad.
 */
export async function openRunData(model: Gpt2, options: RunOptions): Promise<RunData> {
  const { skipBad, lang, minTokens, seed, shuffle, resume } = options;
  const { config: { context }, vocabulary } = model;
  let skipped = 0;
  const data = await findShards(options.data, { skipBad, onBad: () => skipped++ });
  const position = resume && startingPosition(resume.state, data, model, options);
  const processes = options.communicator?.size ?? 1;
  const batch = processes * (options.accumulate ?? 1) * options.batch;
  const stream = { data, context, batch, seed, vocabulary, skipBad, lang, minTokens };
  const validation = await readValidation(stream, options.evalBatches);
  const batches = await openTokenStream({ ...stream, split: "training", shuffle, position });
  return { batches, validation, validationId: identifyBatches(validation), skipped };
}

/** Where in the data to go on: the beginning, if it is other data now. */
function startingPosition(
  { data_position: position }: TrainingState,
  shards: readonly Shard[],
  { config: { context }, vocabulary }: Gpt2,
  { seed, lang, shuffle = true, minTokens = 0, onNote }: RunOptions,
): StreamPosition | undefined {
  const stream = { split: "training" as const, seed, context, shuffle, lang, minTokens };
  const other = otherStream(position, identify(shards, vocabulary, stream));
  if (other === undefined) return position;
  onNote?.(`Reads the data from its beginning: the run was at a place in ${other}.`);
}

/** The first `count` batches of the validation part. */
async function readValidation(
  options: Omit<TokenStreamOptions, "split">,
  count: number,
): Promise<Batch[]> {
  const batches: Batch[] = [];
  if (count === 0) return batches;
  await using stream = await openTokenStream({ ...options, split: "validation" });
  while (batches.length < count) {
    const batch = await stream.next();
    if (!batch) break;
    batches.push(batch);
  }
  return batches;
}

/** The SHA-256 of all tokens, however they are divided into batches; null without any. */
function identifyBatches(batches: readonly Batch[]): string | null {
  if (batches.length === 0) return null;
  const hash = createHash("sha256");
  for (const { inputs } of batches) hash.update(inputs);
  for (const { targets } of batches) hash.update(targets);
  return hash.digest("hex");
}
