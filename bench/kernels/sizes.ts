import type { Gpt2Config } from "../../src/model/config.ts";
import type { AttentionShape } from "../../src/ops/attention/shapes.ts";
import type { PeakSizes } from "../peak.ts";

/** Rows of activations. */
export interface Rows {
  tokens: number;
  width: number;
}

/** An output layer. */
export interface OutputSize extends Rows {
  vocabulary: number;
}

/** What the kernels are measured on. */
export interface KernelSizes {
  peak: PeakSizes;
  /** Transformer blocks, whose matrix products are measured. */
  blocks: readonly Rows[];
  /** Edges of square matrices. */
  squares: readonly number[];
  attentions: readonly AttentionShape[];
  /** What layer norm, GELU, embedding and column sums work on. */
  rows: OutputSize;
  /** What the cross-entropy works on. */
  output: OutputSize;
  /** Models whose parameters the optimisers update. */
  optimized: readonly Gpt2Config[];
}

const VOCABULARY = 50_257;

/** For the software driver: the shapes of the `tiny` preset, and those of GPT-2 for few tokens. */
export const SOFTWARE: KernelSizes = {
  peak: { workgroups: 1024, bytes: 2 ** 26 },
  blocks: [{ width: 128, tokens: 1024 }, { width: 768, tokens: 256 }],
  squares: [768],
  attentions: [
    { batch: 8, length: 128, heads: 4, width: 128 },
    { batch: 1, length: 1024, heads: 12, width: 768 },
  ],
  rows: { tokens: 1024, width: 768, vocabulary: VOCABULARY },
  output: { tokens: 128, width: 768, vocabulary: VOCABULARY },
  optimized: [
    optimized({ layers: 4, heads: 4, width: 128, context: 128, vocabularySize: 4782 }),
    optimized({ layers: 1, heads: 6, width: 384, context: 256, vocabularySize: 4782 }),
  ],
};

/** For GPUs. */
export const DISCRETE: KernelSizes = {
  peak: { workgroups: 4096, bytes: 2 ** 28 },
  blocks: [{ width: 768, tokens: 8192 }, { width: 1600, tokens: 4096 }],
  squares: [768, 4096],
  attentions: [
    { batch: 8, length: 1024, heads: 12, width: 768 },
    { batch: 4, length: 1024, heads: 25, width: 1600 },
  ],
  rows: { tokens: 8192, width: 768, vocabulary: VOCABULARY },
  output: { tokens: 4096, width: 768, vocabulary: VOCABULARY },
  optimized: [
    optimized({ layers: 12, heads: 12, width: 768, context: 1024, vocabularySize: VOCABULARY }),
  ],
};

function optimized(config: Omit<Gpt2Config, "bias" | "affine">): Gpt2Config {
  return { ...config, bias: true, affine: true };
}
