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
}

/** A tensor to be allocated. */
export interface TensorSpec {
  shape: readonly number[];
  type?: TensorType;
}

/** The activations of one block that its backward pass needs, N = B T rows. */
export function blockActivations({ width: C, heads }: Gpt2Config, sizes: ActivationSizes) {
  const { batch: B, length: T } = sizes;
  const N = B * T;
  return {
    /** Residual stream into the block. */
    x: { shape: [N, C] },
    norm1: { shape: [N, C] },
    statistics1: { shape: [N, 2] },
    qkv: { shape: [N, 3 * C] },
    logSums: { shape: [B, heads, T] },
    attended: { shape: [N, C] },
    /** Residual stream between attention and MLP. */
    middle: { shape: [N, C] },
    norm2: { shape: [N, C] },
    statistics2: { shape: [N, 2] },
    hidden: { shape: [N, 4 * C] },
    activated: { shape: [N, 4 * C] },
  } satisfies Record<string, TensorSpec>;
}

/** The activations before and after the blocks. */
export function outerActivations(gpu: Gpu, config: Gpt2Config, sizes: ActivationSizes) {
  const { width: C, vocabularySize: V } = config;
  const N = sizes.batch * sizes.length;
  return {
    tokens: { shape: [N], type: "u32" },
    targets: { shape: [N], type: "u32" },
    /** Position of each sequence's first token. */
    start: { shape: [1], type: "u32" },
    /** Residual stream out of the last block. */
    x: { shape: [N, C] },
    final: { shape: [N, C] },
    statistics: { shape: [N, 2] },
    logits: { shape: [logitRows(gpu, N, V), paddedVocabulary(V)] },
    losses: { shape: [N] },
    /** The mean loss. */
    loss: { shape: [1] },
  } satisfies Record<string, TensorSpec>;
}

/** Scratch of the backward pass, shared by all blocks. */
export function backwardActivations({ width: C, heads }: Gpt2Config, sizes: ActivationSizes) {
  const { batch: B, length: T } = sizes;
  const N = B * T;
  return {
    /** The places of the tokens, sorted by token. */
    order: { shape: [N], type: "u32" },
    /** Gradient of the residual stream. */
    dx: { shape: [N, C] },
    /** Gradient of one branch's output or normalised input. */
    dbranch: { shape: [N, C] },
    dqkv: { shape: [N, 3 * C] },
    deltas: { shape: [B, heads, T] },
    dhidden: { shape: [N, 4 * C] },
    sums: { shape: [columnSumsScratch(N, 4 * C)] },
  } satisfies Record<string, TensorSpec>;
}

/** Tensors under the names of a table of specifications. */
export type Tensors<Table> = { [Name in keyof Table]: Tensor };

/** The activations of one block. */
export type BlockActivations = Tensors<ReturnType<typeof blockActivations>>;
/** The activations before and after the blocks. */
export type OuterActivations = Tensors<ReturnType<typeof outerActivations>>;
/** Scratch of the backward pass. */
export type BackwardActivations = Tensors<ReturnType<typeof backwardActivations>>;

/** Everything that one pass over a batch writes besides gradients. */
export interface Activations {
  sizes: ActivationSizes;
  outer: OuterActivations;
  /** One per block; without a backward pass all blocks share one. */
  blocks: BlockActivations[];
  backward?: BackwardActivations;
}

function allocate<Table extends Record<string, TensorSpec>>(
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
  const outer = allocate(gpu, outerActivations(gpu, config, sizes));
  if (!sizes.backward) {
    // The residual stream runs through one tensor, so the blocks' x is the last block's output.
    const { x: _, ...table } = blockActivations(config, sizes);
    const block = { ...allocate(gpu, table), x: outer.x };
    return { sizes, outer, blocks: Array(config.layers).fill(block) };
  }
  const blocks = Array.from(
    { length: config.layers },
    () => allocate(gpu, blockActivations(config, sizes)),
  );
  return { sizes, outer, blocks, backward: allocate(gpu, backwardActivations(config, sizes)) };
}

/** Frees activations. */
export function freeActivations(gpu: Gpu, { outer, blocks, backward }: Activations): void {
  for (const group of [outer, ...blocks]) gpu.free(...Object.values(group));
  if (backward) gpu.free(...Object.values(backward));
}
