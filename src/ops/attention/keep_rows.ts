import type { Gpu } from "../../gpu/gpu.ts";
import { type Plan, spread } from "../../gpu/plan.ts";
import type { Tensor } from "../../gpu/tensor.ts";
import { THREADS } from "../threads.ts";
import source from "../../../wgsl/ops/attention/keep_rows.wgsl" with { type: "text" };

/** Queries, keys and values of new tokens, and where those of all tokens are kept. */
export interface KeptRows {
  /** (B · T, 3 C) */
  qkv: Tensor;
  /** (B, rows, 3 C) */
  rows: Tensor;
  /** (1), integer: the row of each sequence's first new token. */
  start: Tensor;
  /** T, new tokens per sequence. */
  length: number;
}

/** Appends copying the rows of new tokens behind those of each sequence's tokens before. */
export function keepRows(gpu: Gpu, plan: Plan, { qkv, rows, start, length }: KeptRows): void {
  const columns = qkv.shape[1];
  plan.dispatch(
    gpu.kernel("keep_rows", source, { THREADS, TYPE: qkv.type }),
    spread(Math.ceil(qkv.size / THREADS)),
    [qkv.size, columns, length, rows.shape[1]],
    [qkv, start, rows],
  );
}
