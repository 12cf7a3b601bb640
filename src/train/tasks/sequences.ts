import { UserError } from "../../errors.ts";
import type { Batch } from "../../tokens/batch.ts";
import { TokenBuffer } from "../../tokens/token_buffer.ts";
import type { Vocabulary } from "../../tokens/vocabulary.ts";
import type { LossPass } from "../loss_pass.ts";

/** Tokens, of which the last ones are predicted. */
export interface Sequence {
  /** Model ids: those to go by, then those to predict. */
  ids: ArrayLike<number>;
  /** How many of the last ones count. */
  predicted: number;
}

/** How a model predicted them. */
export interface Score {
  /** The sum of the losses of those that count, in nats. */
  nats: number;
  /** How many count. */
  tokens: number;
  /** Whether each of them was the likeliest token in its place. */
  isGreedy: boolean;
}

/** The model ids of a text. */
export function idsOf({ tokenizer, encode }: Vocabulary, text: string): number[] {
  const tokens = new TokenBuffer();
  tokenizer.encodeTo(text, tokens);
  return [...encode(tokens.from(0))];
}

/**
 * Scores sequences, a batch at a time, in their order. Of a sequence longer than context + 1 the
 * first tokens are left out.
 *
 * @param pass Of `batch` sequences of `context` tokens, which marks hits.
 * @throws {UserError} If a loss is not a number.
 */
export async function* scoreSequences(
  pass: LossPass,
  { batch, context }: { batch: number; context: number },
  sequences: Iterable<Sequence>,
): AsyncGenerator<Score> {
  for (const group of grouped(sequences, batch)) {
    const rows = group.map((sequence) => fit(sequence, context));
    pass.run(toBatch(rows, batch, context));
    const [losses, hits] = [await pass.losses(), await pass.hits()];
    for (const [row, { ids, predicted }] of rows.entries()) {
      const end = row * context + ids.length - 1;
      const its = losses.subarray(end - predicted, end);
      const nats = its.reduce((sum, loss) => sum + loss, 0);
      if (!Number.isFinite(nats)) {
        throw new UserError(
          "the model's loss is not a number: its weights are damaged",
          "CHECKPOINT",
        );
      }
      const isGreedy = hits.subarray(end - predicted, end).every((hit) => hit === 1);
      yield { nats, tokens: predicted, isGreedy };
    }
  }
}

function fit({ ids, predicted }: Sequence, context: number): { ids: number[]; predicted: number } {
  const last = Array.from(ids).slice(-context - 1);
  return { ids: last, predicted: Math.min(predicted, last.length - 1) };
}

/** (batch, context) What follows a sequence is filled with 0, which no token before it sees. */
function toBatch(rows: { ids: number[] }[], batch: number, context: number): Batch {
  const inputs = new Uint32Array(batch * context);
  const targets = new Uint32Array(batch * context);
  rows.forEach(({ ids }, row) => {
    inputs.set(ids.slice(0, -1), row * context);
    targets.set(ids.slice(1), row * context);
  });
  return { inputs, targets };
}

function* grouped<T>(items: Iterable<T>, size: number): Generator<T[]> {
  let group: T[] = [];
  for (const item of items) {
    if (group.push(item) < size) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}
