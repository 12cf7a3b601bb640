import { UserError } from "../../errors.ts";
import { type BatchOptions, type PositionedBatch, toBatch } from "../order/batch.ts";
import { checkGpt2, checkNoFilter } from "./bin_corpus.ts";
import { BinWindows } from "./bin_windows.ts";
import { Permutation } from "../order/permutation.ts";
import { checkPosition, identify, startOf, type StreamPosition } from "../order/position.ts";
import { TOKEN_COUNT } from "../../tokens/tokenizer.ts";
import type { Vocabulary } from "../../tokens/vocabulary.ts";

/**
 * Batches from files of tokens, by random access: as {@linkcode readBatches} gives them from text,
 * but a sequence does not depend on what was read before it, so that a pass over the training part
 * is in an order that is random throughout, and any place in it is found at once. Of a position only
 * `epoch` and `sequence` count. There is nothing to skip: bad data is an error, with `skipBad` too.
 *
 * @throws {UserError} On what {@linkcode BinWindows} fails on, if the vocabulary lacks a token, if
 * documents are to be left out, and if the position is none of this stream.
 */
export async function* readBinBatches(options: BatchOptions): AsyncGenerator<PositionedBatch> {
  const { shards, context, batch, split, seed, vocabulary, minTokens = 0 } = options;
  checkNoFilter(options);
  checkGpt2(shards, vocabulary);
  const shuffle = split === "training" && (options.shuffle ?? true);
  const of = identify(shards, vocabulary, { split, seed, context, shuffle, minTokens });
  if (options.position) checkPosition(options.position, of);
  using windows = new BinWindows(shards, context, split);
  const check = vocabularyCheck(vocabulary, windows);
  const from = options.position ?? { epoch: 0, sequence: 0 };
  const order = split === "training"
    ? trainingOrder(windows.count, shuffle ? seed : undefined, from)
    : validationOrder(windows.count, batch, from);
  const tokens = new Uint16Array(context + 1);
  let rows: Uint32Array[] = [];
  for (const { window, epoch, next } of order) {
    windows.read(window, tokens);
    check(window, tokens);
    if (rows.push(vocabulary.encode(tokens)) < batch) continue;
    const position = { of, validationBound: 0, ...startOf(next.epoch), sequence: next.sequence };
    yield { ...toBatch(rows, context, epoch), position };
    rows = [];
  }
}

/** How many passes are complete, and how many windows of the next. */
type WindowPlace = Pick<StreamPosition, "epoch" | "sequence">;

/** A window of the part, the pass that it is read in, and the place after it. */
interface Step {
  window: number;
  epoch: number;
  next: WindowPlace;
}

/** All windows in each pass, without end. */
function* trainingOrder(
  count: number,
  seed: number | undefined,
  from: WindowPlace,
): Generator<Step> {
  let { epoch, sequence } = from;
  for (;; epoch++, sequence = 0) {
    const order = seed === undefined ? undefined : new Permutation(count, seed, epoch);
    for (; sequence < count; sequence++) {
      const isLast = sequence + 1 === count;
      const next = isLast ? { epoch: epoch + 1, sequence: 0 } : { epoch, sequence: sequence + 1 };
      yield { window: order?.at(sequence) ?? sequence, epoch, next };
    }
  }
}

/**
 * All windows that make up whole batches, once; those of less than one batch are repeated. In an order
 * that is random, so that the first batches are a sample of all documents, and the same for any seed,
 * so that runs are measured alike.
 */
function* validationOrder(count: number, batch: number, from: WindowPlace): Generator<Step> {
  const order = new Permutation(count, "validation");
  const end = Math.max(count - count % batch, batch);
  for (let { sequence } = from; sequence < end; sequence++) {
    const next = { epoch: 0, sequence: sequence + 1 };
    yield { window: order.at(sequence % count), epoch: 0, next };
  }
}

/**
 * Makes a check of windows, when they are read: a compact vocabulary would make a token that it lacks
 * into several, and a window too long.
 */
function vocabularyCheck(
  { tokens: known }: Vocabulary,
  windows: BinWindows,
): (window: number, tokens: Uint16Array) => void {
  if (!known) return () => {};
  const isKnown = new Uint8Array(TOKEN_COUNT);
  for (const token of known) isKnown[token] = 1;
  return (window, tokens) => {
    const lacking = tokens.findIndex((token) => isKnown[token] === 0);
    if (lacking < 0) return;
    throw new UserError(
      `token ${tokens[lacking]} at ${windows.describe(window, lacking)} is not in the model's ` +
        "vocabulary; train on text, or a model with GPT-2's full vocabulary",
      "DATA",
    );
  };
}
