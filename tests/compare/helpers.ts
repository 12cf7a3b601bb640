import type { Contender, Tuned } from "../../src/compare/contender.ts";
import type { RunRecord, RunSettings } from "../../src/compare/record.ts";

/** A cell of a comparison but for its data. */
export const CELL: RunSettings["cell"] = {
  ...{ vocabulary: "compact", layers: 1, heads: 2, width: 16, context: 16, batch: 2 },
  ...{ bias: true, affine: true, steps: 8 },
};

/** A finished run with these validation losses, one each 100 tokens. */
export function recordOf(
  contender: Contender,
  losses: readonly number[],
  { seed = 0, cell = {}, ...rest }:
    & { seed?: number; cell?: Partial<RunSettings["cell"]> }
    & Partial<RunRecord> = {},
): RunRecord {
  return {
    settings: {
      ...{ contender, seed, cell: { ...CELL, ...cell }, evalEvery: 2, validationTokens: 64 },
      data: {
        ...{ data: "0123", split: "training", seed, context: 16, shuffle: true, lang: null },
        ...{ minTokens: 0, vocabulary: "4567" },
      },
    },
    ...{ data: "stories", adapter: "none", vocabulary_size: 11, parameters: 1234 },
    curve: losses.map((val_loss, i) => {
      return { step: i + 1, tokens: 100 * (i + 1), loss: val_loss, val_loss };
    }),
    ...{ seconds: 2, tokens_per_second: 1000 },
    ...rest,
  };
}

/** AdamW with a learning rate. */
export function adamw(learningRate: number): Tuned {
  return { optimizer: "adamw", learningRate };
}
