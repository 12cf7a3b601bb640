import { UsageError } from "../errors.ts";

/** The architecture of a GPT-2 (Radford et al. 2019). */
export interface Gpt2Config {
  /** Number of transformer blocks. */
  layers: number;
  /** Attention heads per block; must divide `width`. */
  heads: number;
  /** Width of the residual stream, C. */
  width: number;
  /** Longest sequence in tokens, T. */
  context: number;
  /** Number of tokens in the vocabulary, V. */
  vocabularySize: number;
  /** Train the biases of linear layers and layer norms (otherwise they stay 0). */
  bias: boolean;
  /** Train the gains of layer norms, and their biases (otherwise 1 and 0). */
  affine: boolean;
}

/** GPT-2's own vocabulary: 50,000 merges, 256 bytes and `<|endoftext|>`. */
export const FULL_VOCABULARY_SIZE = 50_257;

/**
 * Named architectures. `tiny` is ours; the others are the four published sizes of GPT-2.
 *
 * @example
 * ```ts
 * import { PRESETS } from "@agd/gpt2";
 *
 * console.log(PRESETS.gpt2); // { layers: 12, heads: 12, width: 768, context: 1024 }
 * ```
 */
export const PRESETS = {
  tiny: { layers: 4, heads: 4, width: 128, context: 128 },
  "gpt2": { layers: 12, heads: 12, width: 768, context: 1024 },
  "gpt2-medium": { layers: 24, heads: 16, width: 1024, context: 1024 },
  "gpt2-large": { layers: 36, heads: 20, width: 1280, context: 1024 },
  "gpt2-xl": { layers: 48, heads: 25, width: 1600, context: 1024 },
} as const satisfies Record<
  string,
  Pick<Gpt2Config, "layers" | "heads" | "width" | "context">
>;

/** The name of a preset. */
export type PresetName = keyof typeof PRESETS;

/** The largest sizes: far beyond GPT-2, and small enough for each parameter to be listed. */
const LARGEST = {
  ...{ layers: 1000, heads: 4096, width: 2 ** 17, context: 2 ** 20, vocabularySize: 2 ** 24 },
};

/**
 * Checks that a configuration describes a model.
 *
 * @throws {UsageError} If a size is not a positive integer, beyond what is possible, or heads do not
 * divide the width.
 */
export function checkConfig(config: Gpt2Config): void {
  for (const key of ["layers", "heads", "width", "context", "vocabularySize"] as const) {
    const value = config[key];
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new UsageError(`${key} must be a positive integer, not ${value}`);
    }
    if (value > LARGEST[key]) {
      throw new UsageError(`${key} must be at most ${LARGEST[key]}, not ${value}`);
    }
  }
  if (config.width % config.heads !== 0) {
    throw new UsageError(
      `${config.heads} heads do not divide a width of ${config.width}: ` +
        `choose a width that is a multiple of the number of heads`,
    );
  }
}
