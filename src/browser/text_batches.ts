import { UserError } from "../errors.ts";
import type { Gpt2 } from "../model/gpt2.ts";
import { Random } from "../random.ts";
import type { Batch } from "../tokens/batch.ts";
import { encodeWith } from "../tokens/tokenizer.ts";

/** What batches to make of a text. */
export interface TextBatchOptions {
  /** Sequences in a batch. */
  batch: number;
  /** The number of batches. */
  steps: number;
  /** Where sequences begin. @default 0 */
  seed?: number;
}

/**
 * Batches of a text that is in memory: sequences of the model's context that begin anywhere in it.
 *
 * @throws {UserError} If the text is shorter than a sequence.
 */
export function* textBatches(
  { vocabulary, config: { context } }: Gpt2,
  text: string,
  { batch, steps, seed = 0 }: TextBatchOptions,
): Generator<Batch, void> {
  const { endOfText } = vocabulary;
  const tokens = vocabulary.encode(encodeWith(vocabulary.tokenizer, text));
  const ids = Uint32Array.of(endOfText, ...tokens, endOfText);
  const begins = ids.length - context; // a sequence has a target after it
  if (begins < 1) {
    throw new UserError(
      `the text has ${tokens.length} tokens, and a sequence ${context}: paste a longer one`,
    );
  }
  const random = new Random(seed);
  for (let step = 0; step < steps; step++) {
    const inputs = new Uint32Array(batch * context);
    const targets = new Uint32Array(batch * context);
    for (let row = 0; row < batch; row++) {
      const begin = random.below(begins);
      inputs.set(ids.subarray(begin, begin + context), row * context);
      targets.set(ids.subarray(begin + 1, begin + context + 1), row * context);
    }
    yield { inputs, targets };
  }
}
