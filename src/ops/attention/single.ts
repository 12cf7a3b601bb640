import type { Gpu } from "../../gpu/gpu.ts";
import { f32, type Plan } from "../../gpu/plan.ts";
import { READ, reading } from "../includes.ts";
import type { AttentionForward } from "./shapes.ts";
import head from "../../../wgsl/ops/attention/include/head.wgsl" with { type: "text" };
import source from "../../../wgsl/ops/attention/single.wgsl" with { type: "text" };

/**
 * Workgroup size, by head size on GPUs, that leaves room for each invocation's part of the result in
 * the 16 KiB of workgroup memory that every adapter has.
 */
function threadsFor(gpu: Gpu, headSize: number): number {
  if (gpu.isSoftware) return 8;
  return headSize <= 48 ? 64 : headSize <= 96 ? 32 : 16;
}

/** Largest heads, whose parts of a result fit that memory. */
export const MOST_HEAD_SIZE = 192;

/** Appends attention of one query of each sequence, as when tokens are generated one by one. */
export function singleAttention(gpu: Gpu, plan: Plan, op: AttentionForward): void {
  const { batch, length, heads, width, rows = length } = op;
  const headSize = width / heads;
  const VECTOR = headSize % 4 === 0;
  const { TEXELS, read } = reading(gpu, [op.qkv], VECTOR);
  const constants = {
    HEAD_SIZE: headSize,
    HEAD4: Math.ceil(headSize / 4),
    VECTOR,
    TEXELS,
    TYPE: op.qkv.type,
    THREADS: threadsFor(gpu, headSize),
  };
  plan.dispatch(
    gpu.kernel("attention_single", source, constants, { head, ...READ }),
    [heads, batch],
    [rows, width, heads, f32(1 / Math.sqrt(headSize))],
    [read(op.qkv, op.qkv.size, op.filled), op.start, op.y, op.logSums],
    4 * batch * rows * width,
  );
}
