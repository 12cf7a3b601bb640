import { UserError } from "../errors.ts";
import { Random } from "../random.ts";
import { type Document, readDocuments } from "./documents.ts";
import { WindowStream } from "./pack.ts";
import type { Shard } from "./shard.ts";
import { ShuffleStream } from "./shuffle.ts";
import { type Split, SplitStream, validationBound } from "./split.ts";
import { TokenizeStream } from "./tokenize.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** Windows held for the shuffle of training: 4 MB of them at a context of 1,024. */
const SHUFFLED = 1024;

/** The sequences of one step, row after row. */
export interface Batch {
  /** (batch, context) model token ids. */
  inputs: Uint32Array<ArrayBuffer>;
  /** (batch, context) the ids that follow the inputs, each the next one's input. */
  targets: Uint32Array<ArrayBuffer>;
  /** Passes over the part that were complete before the batch's last sequence was read. */
  epoch: number;
}

/** What to read, and into which shape. */
export interface BatchOptions {
  /** The corpus. */
  shards: readonly Shard[];
  /** Tokens in a sequence. */
  context: number;
  /** Sequences in a batch. */
  batch: number;
  /** Which part of the corpus. */
  split: Split;
  /** The model's vocabulary. */
  vocabulary: Vocabulary;
  /** Seed of the order of the training windows. */
  seed: number;
  /** Skip what cannot be read, instead of failing. @default false */
  skipBad?: boolean;
  /** Called once for each bad line that was skipped. */
  onBad?: () => void;
}

/**
 * The whole way from files to batches, as one chain of streams that is pulled from its end.
 *
 * Training goes over its part of the files for ever, its windows shuffled within each pass; what
 * fills no batch at the end of a pass goes into the next one's first. Validation is one pass in
 * the order of the files; what fills no batch at its end is dropped. If that would leave nothing,
 * because the part has fewer windows than one batch, its windows are repeated to make up one batch:
 * their weights in its mean loss then differ by one repetition at most.
 *
 * @throws {UserError} On what {@linkcode readDocuments} fails on, if the part of the corpus is shorter
 * than one window, and if there is but one document and so no validation part.
 */
export async function* readBatches(options: BatchOptions): AsyncGenerator<Batch> {
  const { shards, context, batch, split, seed, skipBad } = options;
  const bound = await validationBound(documents(shards, skipBad));
  if (split === "validation" && bound === 0) {
    throw new UserError(
      "the corpus has no two different documents, one of them for validation; " +
        "add documents, or give it as a .txt file, which is split by passages",
    );
  }
  const random = new Random(seed);
  let rows: Uint32Array[] = [];
  for (let epoch = 0;; epoch++) {
    const onBad = epoch === 0 ? options.onBad : undefined;
    const ids = ReadableStream.from(modelIds(options, bound, onBad));
    const windows = ids.pipeThrough(new WindowStream(context));
    const ordered = split === "validation"
      ? windows
      : windows.pipeThrough(new ShuffleStream<Uint32Array>(SHUFFLED, random));
    let count = 0;
    for await (const window of ordered) {
      count++;
      rows.push(window);
      if (rows.length < batch) continue;
      yield toBatch(rows, context, epoch);
      rows = [];
    }
    if (count === 0) throw tooShort(split, context);
    if (split === "training") continue;
    if (count < batch) {
      const repeated = Array.from({ length: batch }, (_, row) => rows[row % count]);
      yield toBatch(repeated, context, epoch);
    }
    return;
  }
}

/** One pass over one part of the files, in model ids. */
async function* modelIds(
  { shards, split, vocabulary, skipBad }: BatchOptions,
  bound: number,
  onBad?: () => void,
): AsyncGenerator<Uint32Array> {
  for (const shard of shards) {
    const tokens = (await readDocuments(shard, { skipBad, onBad }))
      .pipeThrough(new SplitStream(split, bound)).pipeThrough(new TokenizeStream());
    for await (const chunk of tokens) yield vocabulary.encode(chunk);
  }
}

async function* documents(shards: readonly Shard[], skipBad?: boolean): AsyncGenerator<Document> {
  for (const shard of shards) yield* await readDocuments(shard, { skipBad });
}

function toBatch(rows: Uint32Array[], context: number, epoch: number): Batch {
  const inputs = new Uint32Array(rows.length * context);
  const targets = new Uint32Array(rows.length * context);
  rows.forEach((window, row) => {
    inputs.set(window.subarray(0, context), row * context);
    targets.set(window.subarray(1), row * context);
  });
  return { inputs, targets, epoch };
}

function tooShort(split: Split, context: number): UserError {
  return new UserError(
    `corpus shorter than one window of ${context + 1} tokens in its ${split} part; ` +
      `add text or choose a shorter context`,
  );
}
