import type { Gpu } from "../../gpu/gpu.ts";
import { f32, type Plan } from "../../gpu/plan.ts";
import type { AttentionBackward, AttentionForward, AttentionShape } from "./shapes.ts";
import load from "../../../wgsl/ops/attention/include/load.wgsl" with { type: "text" };
import product from "../../../wgsl/ops/attention/include/product.wgsl" with { type: "text" };
import tiles from "../../../wgsl/ops/attention/include/tiles.wgsl" with { type: "text" };
import forwardSource from "../../../wgsl/ops/attention/tiled.wgsl" with { type: "text" };
import queriesSource from "../../../wgsl/ops/attention/tiled_backward_queries.wgsl" with {
  type: "text",
};
import keysSource from "../../../wgsl/ops/attention/tiled_backward_keys.wgsl" with { type: "text" };

/**
 * Rows of a workgroup, and most columns that it writes. A block of 64 x 64 scores needs two panels
 * of 4 KiB; the backward pass makes two such products at once and fills the 16 KiB of workgroup
 * memory that every adapter has.
 *
 * A larger tile reads less of the panels per multiplication, but has more sums to keep in
 * registers. The forward pass keeps scores and y: with tiles of 4 x 8 that is 64 numbers, and every
 * 32 multiplications read 12. The backward passes keep two squares of scores and one or two of
 * gradients: tiles of 4 x 8 would need up to 128, so they are of 4 x 4, which makes 48 and 64, and
 * every 16 multiplications read 8. Compiled for AMD's RDNA 2 by Mesa 22.3, the kernels take 120, 96
 * and 96 registers and spill none.
 */
const BLOCK = 64;

/** What the kernels of tiles have in common. */
const INCLUDES = { load, product, tiles };

/** What the forward and the backward kernels have in common, and where they differ. */
function tiling(op: AttentionShape & Pick<AttentionForward, "qkv" | "rows">, backward: boolean) {
  const { batch, length, rows = length, heads, width, qkv } = op;
  const headSize = width / heads;
  // Panels that are loaded at once: those of q and k, and in the backward pass of dy and v.
  const panels = backward ? 4 : 2;
  return {
    constants: {
      VECTOR: headSize % 4 === 0,
      TYPE: qkv.type,
      BACKWARD: backward,
      PANELS: panels,
      // Every invocation loads a square of 4 x 4, of the 64 in a panel.
      THREADS: 64 * panels,
      // Invocations along a block's columns; each computes so many squares of 4 x 4 there.
      THREADS_N: 4 * panels,
      TILE: 4 / panels,
    },
    workgroups: [Math.ceil(length / BLOCK), heads * Math.ceil(headSize / BLOCK), batch] as const,
    parameters: [length, rows, width, heads, headSize, f32(1 / Math.sqrt(headSize))],
  };
}

/** Appends the forward pass in tiles that a workgroup shares, as is right on GPUs. */
export function tiledAttention(gpu: Gpu, plan: Plan, op: AttentionForward): void {
  const { batch, length, rows = length, width } = op;
  const { constants, workgroups, parameters } = tiling(op, false);
  plan.dispatch(
    gpu.kernel("attention_tiled", forwardSource, constants, INCLUDES),
    workgroups,
    parameters,
    [op.qkv, op.y, op.start, op.logSums],
    4 * batch * length * rows * width,
  );
}

/** Appends the backward pass in tiles that a workgroup shares, as is right on GPUs. */
export function tiledAttentionBackward(gpu: Gpu, plan: Plan, op: AttentionBackward): void {
  const { batch, length, width } = op;
  const { constants, workgroups, parameters } = tiling(op, true);
  const work = 8 * batch * length ** 2 * width;
  plan.dispatch(
    gpu.kernel("attention_tiled_backward_queries", queriesSource, constants, INCLUDES),
    workgroups,
    parameters,
    [op.qkv, op.dqkv, op.dy, op.y, op.logSums, op.deltas],
    work,
  );
  plan.dispatch(
    gpu.kernel("attention_tiled_backward_keys", keysSource, constants, INCLUDES),
    workgroups,
    parameters,
    [op.qkv, op.dqkv, op.dy, op.logSums, op.deltas],
    work,
  );
}
