import type { Gpu } from "../gpu/gpu.ts";
import type { Tensor, TensorType } from "../gpu/tensor.ts";
import { columnSumsScratch } from "../ops/column_sums.ts";
import { logitRows, paddedVocabulary } from "../ops/cross_entropy.ts";
import type { Gpt2Config } from "./config.ts";

/** What a set of activations is for. */
export interface ActivationSizes {
  /** Sequences, B. */
  batch: number;
  /** Tokens per sequence, T. */
  length: number;
  /** Whether a backward pass follows, which needs every block's activations and scratch. */
  backward: boolean;
  /**
   * Whether only the residual stream into each block is kept: the backward pass computes the rest
   * once more, block by block (Chen et al. 2016, arXiv:1604.06174).
   * @default false
   */
  recompute?: boolean;
  /**
   * What activations between the residual stream's ends are stored in; the stream itself, logits
   * and statistics are of 32 bits.
   * @default "f32"
   */
  precision?: Precision;
}

/** Number format of activations and of the weights that products are computed with. */
export type Precision = "f32" | "f16";

/** A tensor of a set. */
interface ActivationSpec {
  shape: readonly number[];
  type?: TensorType;
}

/**
 * The activations of one block that its backward pass needs, N = B T rows. What the layer norms
 * and GELU put out is computed again instead, in one pass over memory each.
 */
function blockActivations({ width: C, heads }: Gpt2Config, sizes: ActivationSizes) {
  const { batch: B, length: T, precision: type } = sizes;
  const N = B * T;
  return {
    /** Residual stream into the block. */
    x: { shape: [N, C] },
    qkv: { shape: [N, 3 * C], type },
    logSums: { shape: [B, heads, T] },
    attended: { shape: [N, C], type },
    /** Residual stream between attention and MLP. */
    middle: { shape: [N, C] },
    hidden: { shape: [N, 4 * C], type },
  } satisfies Record<string, ActivationSpec>;
}

/** Scratch that each block uses in both passes. */
function scratchActivations({ width: C }: Gpt2Config, sizes: ActivationSizes) {
  const { batch, length, precision: type } = sizes;
  const N = batch * length;
  return {
    /** A layer norm's output, then the gradient of it or of attention's output. */
    branch: { shape: [N, C], type },
    statistics: { shape: [N, 2] },
    /** GELU's output, then the gradient of it, of `hidden` or of `qkv`. */
    wide: { shape: [N, 4 * C], type },
  } satisfies Record<string, ActivationSpec>;
}

/** The activations before and after the blocks. */
function outerActivations(gpu: Gpu, config: Gpt2Config, sizes: ActivationSizes) {
  const { width: C, vocabularySize: V } = config;
  const N = sizes.batch * sizes.length;
  return {
    tokens: { shape: [N], type: "u32" },
    targets: { shape: [N], type: "u32" },
    /** Position of each sequence's first token. */
    start: { shape: [1], type: "u32" },
    /** Residual stream out of the last block. */
    x: { shape: [N, C] },
    logits: { shape: [logitRows(gpu, N, V), paddedVocabulary(V)] },
    losses: { shape: [N] },
    /** The mean loss. */
    loss: { shape: [1] },
  } satisfies Record<string, ActivationSpec>;
}

/** What only the backward pass needs, shared by all blocks. */
function backwardActivations({ width: C, heads }: Gpt2Config, sizes: ActivationSizes) {
  const { batch: B, length: T } = sizes;
  const N = B * T;
  return {
    /** The places of the tokens, sorted by token. */
    order: { shape: [N], type: "u32" },
    /** Gradient of the residual stream. */
    dx: { shape: [N, C] },
    deltas: { shape: [B, heads, T] },
    sums: { shape: [columnSumsScratch(N, 4 * C)] },
  } satisfies Record<string, ActivationSpec>;
}

/** Tensors under the names of a table of specifications. */
export type Tensors<Table> = { [Name in keyof Table]: Tensor };

/** The activations of one block. */
export type BlockActivations = Tensors<ReturnType<typeof blockActivations>>;
/** Scratch that each block uses in both passes. */
export type ScratchActivations = Tensors<ReturnType<typeof scratchActivations>>;
/** The activations before and after the blocks. */
export type OuterActivations = Tensors<ReturnType<typeof outerActivations>> & {
  /** (N, C): the last layer norm's output, in `branch`'s memory. */
  final: Tensor;
};
/** What only the backward pass needs, besides views of scratch memory. */
export type BackwardActivations = Tensors<ReturnType<typeof backwardActivations>> & {
  /** (N, C): gradient of the last layer norm's output, in `wide`'s memory. */
  dfinal: Tensor;
  /** (N, 3 C), in `wide`'s memory. */
  dqkv: Tensor;
};

/** Everything that one pass over a batch writes besides gradients. */
export interface Activations {
  sizes: ActivationSizes;
  outer: OuterActivations;
  /** One per block; what is not kept for a backward pass they share. */
  blocks: BlockActivations[];
  scratch: ScratchActivations;
  backward?: BackwardActivations;
}

function allocate<Table extends Record<string, ActivationSpec>>(
  gpu: Gpu,
  table: Table,
): Tensors<Table> {
  return Object.fromEntries(
    Object.entries(table).map(([name, { shape, type }]) => [name, gpu.tensor(name, shape, type)]),
  ) as Tensors<Table>;
}

/** Allocates the activations of a model for batches of one size. */
export function allocateActivations(
  gpu: Gpu,
  config: Gpt2Config,
  sizes: ActivationSizes,
): Activations {
  const { layers, width } = config;
  const N = sizes.batch * sizes.length;
  const scratch = allocate(gpu, scratchActivations(config, sizes));
  const { branch, wide } = scratch;
  const outer = { ...allocate(gpu, outerActivations(gpu, config, sizes)), final: branch };
  const { x, ...rest } = blockActivations(config, sizes);
  if (!sizes.backward) {
    // The residual stream runs through one tensor, and a block's tensors share what memory they can.
    const { hidden, logSums } = rest;
    const block = {
      ...{ x: outer.x, middle: outer.x, attended: branch, qkv: wide.as([N, 3 * width]) },
      ...allocate(gpu, { hidden, logSums }),
    };
    return { sizes, outer, blocks: Array(layers).fill(block), scratch };
  }
  const shared = sizes.recompute ? allocate(gpu, rest) : undefined;
  const blocks = Array.from(
    { length: layers },
    () => ({ ...allocate(gpu, { x }), ...(shared ?? allocate(gpu, rest)) }),
  );
  const backward = {
    ...allocate(gpu, backwardActivations(config, sizes)),
    dfinal: wide.as([N, width]),
    dqkv: wide.as([N, 3 * width]),
  };
  return { sizes, outer, blocks, scratch, backward };
}

/** Frees activations. */
export function freeActivations(gpu: Gpu, activations: Activations): void {
  const { outer, blocks, scratch, backward } = activations;
  for (const group of [outer, ...blocks, scratch]) gpu.free(...Object.values(group));
  if (backward) gpu.free(...Object.values(backward));
}
