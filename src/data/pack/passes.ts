import { UserError } from "../../errors.ts";
import { type Block, packBlocks } from "./blocks.ts";
import { Permutation } from "../order/permutation.ts";
import { type Place, startOf } from "../order/position.ts";
import { type ReadOptions, readTexts } from "../text/reader.ts";
import type { Shard } from "../files/shard.ts";
import type { Split } from "../text/split.ts";
import type { Tokenizers } from "../tokenize/tokenizers.ts";

/** What to read. */
export interface PassOptions extends Omit<ReadOptions, "part"> {
  shards: readonly Shard[];
  split: Split;
  /** {@linkcode validationBound}'s result for the corpus. */
  bound: number;
  /** Tokens in a sequence. */
  context: number;
  seed: number;
  /** Whether each pass has the shards in an order of its own. */
  shuffle: boolean;
  /** Tokens in a block. */
  blockTokens: number;
  tokenizers: Tokenizers;
}

/**
 * Reads one part of a corpus in blocks of sequences: that for training for ever, pass after pass,
 * that for validation once.
 *
 * @throws {UserError} On what {@linkcode readTexts} fails on, if the part is shorter than one sequence
 * and the token after it, and if the data has no such place as `start`.
 */
export async function* readBlocks(
  options: PassOptions,
  start: Place = startOf(0),
): AsyncGenerator<Block> {
  const { shards, split, bound, context, seed, shuffle, tokenizers } = options;
  const size = Math.ceil(options.blockTokens / context);
  for (let from = start; split === "training" || from.epoch === 0; from = startOf(from.epoch + 1)) {
    const order = shuffle ? new Permutation(shards.length, seed, from.epoch) : shards.keys();
    const onBad = from.epoch === 0 ? options.onBad : undefined; // each bad line counts once
    const inOrder = Array.from(order, (shard) => shards[shard]);
    const texts = readTexts(inOrder, { ...options, part: { split, bound }, onBad }, from);
    const ids = tokenizers.tokenize(texts, onBad);
    let count = 0;
    for await (const block of packBlocks(ids, context, size, from)) {
      count += block.count;
      yield block;
    }
    const isWhole = from.shard === 0 && from.line === 0 && from.token === 0;
    if (isWhole && count === 0) throw tooShort(options);
  }
}

function tooShort({ shards: [first, ...others], split, context }: PassOptions): UserError {
  const where = others.length > 0 ? `${first.name} and ${others.length} more` : first.name;
  return new UserError(
    `${where}: the ${split} part is shorter than one window of ${context + 1} tokens; ` +
      `add text or choose a shorter context`,
    "DATA",
  );
}
