import type { Batch } from "../../tokens/batch.ts";
import type { Vocabulary } from "../../tokens/vocabulary.ts";
import type { Shard } from "../files/shard.ts";
import type { Split } from "../text/split.ts";
import type { StreamPosition } from "./position.ts";

/** A batch, and where the next one begins. */
export interface PositionedBatch extends Batch {
  /** As the targets, in memory of its own, which can be moved to another thread. */
  inputs: Uint32Array<ArrayBuffer>;
  targets: Uint32Array<ArrayBuffer>;
  epoch: number;
  position: StreamPosition;
}

/** What to read, and into which shape. */
export interface BatchOptions {
  /** The data. */
  shards: readonly Shard[];
  /** Tokens in a sequence. */
  context: number;
  /** Sequences in a batch. */
  batch: number;
  /** Which part of the corpus. */
  split: Split;
  /** The model's vocabulary. */
  vocabulary: Vocabulary;
  /** Seed of the order of the training part. */
  seed: number;
  /** Read the training part in a random order, another one in each pass. @default true */
  shuffle?: boolean;
  /** Tokens that are shuffled together, or read at once. @default 2^20 if shuffled, else 2^14 */
  blockTokens?: number;
  /** Leave out documents that say to be in another language than this, e.g. `en`. */
  lang?: string;
  /** Leave out documents of fewer tokens. @default 0 */
  minTokens?: number;
  /** Skip what cannot be read, instead of failing. @default false */
  skipBad?: boolean;
  /** Called once for each bad line that was skipped. */
  onBad?: () => void;
  /** Threads that tokenize; they change nothing in the result. @default 1 */
  workers?: number;
  /** Continue there. @default the beginning */
  position?: StreamPosition;
}

/** Joins sequences of context + 1 ids to a batch. */
export function toBatch(
  rows: readonly (Uint16Array | Uint32Array)[],
  context: number,
  epoch: number,
): Omit<PositionedBatch, "position"> {
  const inputs = new Uint32Array(rows.length * context);
  const targets = new Uint32Array(rows.length * context);
  rows.forEach((ids, row) => {
    inputs.set(ids.subarray(0, context), row * context);
    targets.set(ids.subarray(1), row * context);
  });
  return { inputs, targets, epoch };
}
