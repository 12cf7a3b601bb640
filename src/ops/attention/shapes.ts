import type { Tensor } from "../../gpu/tensor.ts";

/** Shape of a causal multi-head attention. */
export interface AttentionShape {
  /** Sequences, B. */
  batch: number;
  /** Queries per sequence, T. */
  length: number;
  heads: number;
  /** C, a multiple of the number of heads. */
  width: number;
}

/** Tensors of the forward pass. */
export interface AttentionForward extends AttentionShape {
  /** (B, rows, 3 C), where rows >= T: query, key and value of every position. */
  qkv: Tensor;
  /** Rows of qkv per sequence. @default length */
  rows?: number;
  /** Elements of qkv that are filled, whenever a plan runs. @default all */
  filled?: () => number;
  /** (1), integer: the row of qkv that holds the first query. */
  start: Tensor;
  /** (B, T, C) */
  y: Tensor;
  /** (B, heads, T): log of the softmax's denominator, for the backward pass. */
  logSums: Tensor;
}

/** Tensors of the backward pass. */
export interface AttentionBackward extends AttentionShape {
  /** (B, T, 3 C) */
  qkv: Tensor;
  /** (B, T, C) */
  y: Tensor;
  /** (B, T, C) */
  dy: Tensor;
  /** (B, heads, T) */
  logSums: Tensor;
  /** (B, heads, T), scratch. */
  deltas: Tensor;
  /** (B, T, 3 C) */
  dqkv: Tensor;
}
