import { createHash } from "node:crypto";
import type { Batch } from "../tokens/batch.ts";
import {
  identify,
  otherStream,
  type StreamIdentity,
  type StreamPosition,
} from "../data/order/position.ts";
import type { Shard } from "../data/files/shard.ts";
import { type DataSources, findShards } from "../data/files/sources.ts";
import {
  type DataPosition,
  isMixture,
  type MixturePosition,
  openMixture,
  plainMixture,
} from "../data/mixture.ts";
import { openTokenStream, type TokenStream } from "../data/token_stream.ts";
import type { Gpt2 } from "../model/gpt2.ts";
import type { RunOptions } from "./options.ts";
import type { TrainingState } from "./training_state.ts";

/** What a run reads. */
export interface RunData {
  /** The training part; to be closed. */
  batches: TokenStream<Batch, DataPosition>;
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
  const { skipBad, lang, minTokens, seed, shuffle, resume, mixture, evalBatches } = options;
  const { config: { context }, vocabulary } = model;
  const all = { context, seed, vocabulary, skipBad, lang, minTokens };
  const processes = options.communicator?.size ?? 1;
  const rows = processes * (options.accumulate ?? 1) * options.batch;
  const validating = { ...all, batch: rows, split: "validation" as const };
  const training = { ...all, batch: rows, split: "training" as const, shuffle };
  let skipped = 0;
  const found = (data: DataSources) => findShards(data, { skipBad, onBad: () => skipped++ });
  if (mixture) {
    const { weights } = mixture;
    const sources = await Promise.all(mixture.sources.map(found));
    const position = resume && placeInMixture(resume.state, sources, weights, model, options);
    const validation = await readValidation(
      () => openMixture({ ...validating, sources, weights }),
      evalBatches,
    );
    const batches = await openMixture({ ...training, sources, weights, position });
    const validationId = identifyBatches(validation);
    return { batches: batches as RunData["batches"], validation, validationId, skipped };
  }
  const data = await found(options.data);
  const position = resume && startingPosition(resume.state, data, model, options);
  const validation = await readValidation(
    () => openTokenStream({ ...validating, data }),
    evalBatches,
  );
  const batches = await openTokenStream({ ...training, data, position });
  return { batches, validation, validationId: identifyBatches(validation), skipped };
}

/** Where in the data to go on: the beginning, if it is other data now. */
function startingPosition(
  { data_position: position }: TrainingState,
  shards: readonly Shard[],
  model: Gpt2,
  options: RunOptions,
): StreamPosition | undefined {
  const other = isMixture(position)
    ? "a mixture"
    : otherStream(position, identityOf(shards, model, options));
  if (other === undefined && !isMixture(position)) return position;
  options.onNote?.(`Reads the data from its beginning: the run was at a place in ${other}.`);
}

/** The same for a mixture. */
function placeInMixture(
  { data_position: position }: TrainingState,
  sources: readonly (readonly Shard[])[],
  weights: readonly number[],
  model: Gpt2,
  options: RunOptions,
): MixturePosition | undefined {
  const isOther = !isMixture(position) || String(position.weights) !== String(weights);
  const other = isOther
    ? `${isMixture(position) ? "a mixture of other weights" : "data of one source"}`
    : plainMixture(position, weights).sources.map((place, i) =>
      place ? otherStream(place, identityOf(sources[i], model, options)) : undefined
    ).find((other) => other !== undefined);
  if (!isOther && other === undefined) return position;
  options.onNote?.(`Reads the data from its beginning: the run was at a place in ${other}.`);
}

function identityOf(
  shards: readonly Shard[],
  { config: { context }, vocabulary }: Gpt2,
  { seed, lang, shuffle = true, minTokens = 0 }: RunOptions,
): StreamIdentity {
  const stream = { split: "training" as const, seed, context, shuffle, lang, minTokens };
  return identify(shards, vocabulary, stream);
}

/** The first `count` batches of the validation part. */
async function readValidation(
  open: () => Promise<TokenStream<Batch | undefined, unknown>>,
  count: number,
): Promise<Batch[]> {
  const batches: Batch[] = [];
  if (count === 0) return batches;
  await using stream = await open();
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
