import type { Gpu } from "../../src/gpu/gpu.ts";
import { attention, attentionBackward } from "../../src/ops/attention/attention.ts";
import type { AttentionShape } from "../../src/ops/attention/shapes.ts";
import { attentionBackwardFlops, attentionFlops } from "../formulas.ts";
import type { Scratch } from "../scratch.ts";
import type { KernelCase } from "./case.ts";

/** Attention, forward and backward. */
export function attentionCases(gpu: Gpu, scratch: Scratch, shape: AttentionShape): KernelCase[] {
  const { batch, length, heads, width } = shape;
  const rows = batch * length;
  const [qkv, dqkv] = [0, 1].map(() => scratch.numbers([rows, 3 * width]));
  const [y, dy] = [0, 1].map(() => scratch.numbers([rows, width]));
  const [logSums, deltas] = [0, 1].map(() => scratch.numbers([batch, heads, length]));
  const start = scratch.integersOf(Uint32Array.of(0));
  const size = `${batch} x ${length}, width ${width}, ${heads} heads`;
  return [
    {
      name: `attention, ${size}`,
      flops: attentionFlops(shape),
      bytes: 4 * rows * (4 * width + heads), // qkv, y, log-sums
      append: (plan) => attention(gpu, plan, { ...shape, qkv, start, y, logSums }),
    },
    {
      name: `attention backward, ${size}`,
      flops: attentionBackwardFlops(shape),
      bytes: 4 * rows * (8 * width + heads), // qkv, y, dy, dqkv, log-sums
      append: (plan) =>
        attentionBackward(gpu, plan, { ...shape, qkv, y, dy, logSums, deltas, dqkv }),
    },
  ];
}
