import type { Gpu } from "../../gpu/gpu.ts";
import { f32, type Plan } from "../../gpu/plan.ts";
import type { Tensor } from "../../gpu/tensor.ts";
import { READ, reading } from "../includes.ts";
import type { AttentionBackward, AttentionForward, AttentionShape } from "./shapes.ts";
import { MOST_HEAD_SIZE, singleAttention } from "./single.ts";
import { tiledAttention, tiledAttentionBackward } from "./tiles.ts";
import forwardSource from "../../../wgsl/ops/attention/attention.wgsl" with { type: "text" };
import queriesSource from "../../../wgsl/ops/attention/backward_queries.wgsl" with { type: "text" };
import keysSource from "../../../wgsl/ops/attention/backward_keys.wgsl" with { type: "text" };
import head from "../../../wgsl/ops/attention/include/head.wgsl" with { type: "text" };

/** Vectors of heads, for kernels whose invocations handle whole rows. */
const INCLUDES = { head, ...READ };

/** Rows that one invocation handles: more of them share each load but need more registers. */
function rowsPerInvocation(headSize: number): number {
  return headSize <= 64 ? 4 : 1;
}

/** Specialises the software driver's kernels, whose invocations handle whole rows in registers. */
function specialisation(
  gpu: Gpu,
  { heads, width, qkv }: AttentionShape & { qkv: Tensor },
) {
  const headSize = width / heads;
  const vectors = reading(gpu, [qkv], headSize % 4 === 0);
  const scalars = reading(gpu, [qkv], false);
  const constants = {
    HEAD_SIZE: headSize,
    HEAD4: Math.ceil(headSize / 4),
    VECTOR: headSize % 4 === 0,
    TYPE: qkv.type,
    THREADS: 8,
    TEXELS: vectors.TEXELS,
  };
  return { constants, read: vectors.read, readScalars: scalars.read };
}

/**
 * Appends y = softmax(q kᵀ / sqrt(head size), causal) v for every head (Vaswani et al. 2017).
 * Memory is linear in T.
 */
export function attention(gpu: Gpu, plan: Plan, op: AttentionForward): void {
  const { batch, length, heads, width, rows = length } = op;
  if (length === 1 && width / heads <= MOST_HEAD_SIZE) return singleAttention(gpu, plan, op);
  if (!gpu.isSoftware) return tiledAttention(gpu, plan, op);
  const { constants, read } = specialisation(gpu, op);
  const QUERIES = rowsPerInvocation(constants.HEAD_SIZE);
  plan.dispatch(
    gpu.kernel("attention", forwardSource, { ...constants, QUERIES }, INCLUDES),
    [Math.ceil(length / QUERIES / constants.THREADS), heads, batch],
    [length, rows, width, heads, f32(1 / Math.sqrt(constants.HEAD_SIZE))],
    [read(op.qkv, op.qkv.size, op.filled), op.start, op.y, op.logSums],
    4 * batch * length * rows * width,
  );
}

/** Appends the gradients of query, key and value. */
export function attentionBackward(gpu: Gpu, plan: Plan, op: AttentionBackward): void {
  if (!gpu.isSoftware) return tiledAttentionBackward(gpu, plan, op);
  const { batch, length, heads, width } = op;
  const { constants, read, readScalars } = specialisation(gpu, op);
  const each = rowsPerInvocation(constants.HEAD_SIZE);
  const workgroups = [Math.ceil(length / each / constants.THREADS), heads, batch] as const;
  const parameters = [length, width, heads, f32(1 / Math.sqrt(constants.HEAD_SIZE))];
  const work = 8 * batch * length ** 2 * width;
  plan.dispatch(
    gpu.kernel(
      "attention_backward_queries",
      queriesSource,
      { ...constants, QUERIES: each },
      INCLUDES,
    ),
    workgroups,
    parameters,
    [read(op.qkv), read(op.y), read(op.dy), readScalars(op.logSums), op.deltas, op.dqkv],
    work,
  );
  plan.dispatch(
    gpu.kernel("attention_backward_keys", keysSource, { ...constants, KEYS: each }, INCLUDES),
    workgroups,
    parameters,
    [read(op.qkv), read(op.dy), readScalars(op.logSums), readScalars(op.deltas), op.dqkv],
    work,
  );
}
