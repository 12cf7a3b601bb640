import type { Gpu } from "../gpu/gpu.ts";
import { type Plan, spread } from "../gpu/plan.ts";
import { rowSlices, type Tensor } from "../gpu/tensor.ts";
import { THREADS } from "./threads.ts";
import forwardSource from "../../wgsl/ops/embedding.wgsl" with { type: "text" };
import tokensSource from "../../wgsl/ops/embedding_backward_tokens.wgsl" with { type: "text" };
import positionsSource from "../../wgsl/ops/embedding_backward_positions.wgsl" with {
  type: "text",
};

/** Token and position embedding: x[b, t] = wte[token[b, t]] + wpe[start + t]. */
export interface EmbeddingForward {
  /** (B · T), integers below V. */
  tokens: Tensor;
  /** (V, C); may exceed what one binding covers. */
  wte: Tensor;
  /** (context, C) */
  wpe: Tensor;
  /** (1), integer: position of each sequence's first token. */
  start: Tensor;
  /** (B · T, C) */
  x: Tensor;
  /** T, tokens per sequence. */
  length: number;
}

/** Appends the sum of token and position embeddings. */
export function embedding(gpu: Gpu, plan: Plan, op: EmbeddingForward): void {
  const [rows, columns] = op.x.shape;
  const kernel = gpu.kernel("embedding", forwardSource, { THREADS, WTE_TYPE: op.wte.type });
  for (
    const { start, count } of rowSlices(op.wte.shape[0], columns, gpu.maxBindingBytes, op.wte.type)
  ) {
    plan.dispatch(
      kernel,
      spread(Math.ceil(rows * columns / THREADS)),
      [columns, rows, op.length, start, count, op.wpe.shape[0]],
      [op.tokens, op.wte.rows(start, count), op.wpe, op.start, op.x],
    );
  }
}

/** Gradients of both embeddings. */
export interface EmbeddingBackward {
  /** (B · T) */
  tokens: Tensor;
  /** (B · T), the places of `tokens` sorted by token; see {@linkcode sortedPlaces}. */
  order: Tensor;
  /** (B · T, C) */
  dx: Tensor;
  /** (V, C): added to. */
  dwte: Tensor;
  /** (context, C): added to. */
  dwpe: Tensor;
  /** T, tokens per sequence. */
  length: number;
}

/** Appends the gradients of both embeddings, added up in a fixed order. */
export function embeddingBackward(gpu: Gpu, plan: Plan, op: EmbeddingBackward): void {
  const [rows, columns] = op.dx.shape;
  const kernel = gpu.kernel("embedding_backward_tokens", tokensSource, { THREADS });
  for (const { start, count } of rowSlices(op.dwte.shape[0], columns, gpu.maxBindingBytes)) {
    plan.dispatch(
      kernel,
      spread(Math.ceil(rows * columns / THREADS)),
      [columns, rows, start, count],
      [op.tokens, op.order, op.dx, op.dwte.rows(start, count)],
    );
  }
  plan.dispatch(
    gpu.kernel("embedding_backward_positions", positionsSource, { THREADS }),
    spread(Math.ceil(op.length * columns / THREADS)),
    [op.length * columns, rows / op.length],
    [op.dx, op.dwpe],
  );
}

/** The places of `tokens` sorted by token and, among equal tokens, by place. */
export function sortedPlaces(tokens: Uint32Array): Uint32Array {
  // One float64 holds both keys exactly, and typed arrays sort numbers without a comparator.
  const keys = Float64Array.from(tokens, (token, place) => token * 0x1_0000_0000 + place).sort();
  return Uint32Array.from(keys, (key) => key % 0x1_0000_0000);
}
