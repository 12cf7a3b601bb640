import type { Gpu } from "../gpu/gpu.ts";
import { type Plan, spread } from "../gpu/plan.ts";
import type { Tensor } from "../gpu/tensor.ts";
import { columnSums } from "./column_sums.ts";
import { READ, reading, WORKGROUP_SUM } from "./includes.ts";
import { rowThreads } from "./threads.ts";
import forwardSource from "../../wgsl/ops/layer_norm.wgsl" with { type: "text" };
import backwardSource from "../../wgsl/ops/layer_norm_backward.wgsl" with { type: "text" };

/** Layer normalisation over the last axis (Ba, Kiros and Hinton 2016), epsilon 1e-5. */
export interface LayerNormForward {
  /** (rows, C) */
  x: Tensor;
  /** (C) */
  gain: Tensor;
  /** (C) */
  bias: Tensor;
  /** (rows, C) */
  y: Tensor;
  /** (rows, 2): mean and 1 / standard deviation, for the backward pass. */
  statistics: Tensor;
}

/** Appends y = gain · (x - mean) / standard deviation + bias. */
export function layerNorm(gpu: Gpu, plan: Plan, op: LayerNormForward): void {
  const [rows, columns] = op.x.shape;
  // To copy a single row takes longer than to read it from buffers.
  const { TEXELS, read } = reading({ readsTexels: gpu.readsTexels && rows > 1 }, [op.x], false);
  plan.dispatch(
    gpu.kernel(
      "layer_norm",
      forwardSource,
      { THREADS: rowThreads(gpu), TEXELS, Y_TYPE: op.y.type },
      { ...WORKGROUP_SUM, ...READ },
    ),
    spread(rows),
    [columns, rows],
    [read(op.x), read(op.gain), read(op.bias), op.y, op.statistics],
  );
}

/** What the backward pass needs besides the forward pass's tensors. */
export interface LayerNormBackward {
  x: Tensor;
  gain: Tensor;
  statistics: Tensor;
  /** (rows, C) */
  dy: Tensor;
  /** (rows, C): the gradient is added to it, as x also feeds the residual stream. */
  dx: Tensor;
  /** (C): added to. Absent if neither gain nor bias is trained. */
  dgain?: Tensor;
  /** (C): added to. Absent if the bias is not trained. */
  dbias?: Tensor;
  /** Scratch for sums of blocks; see {@linkcode columnSums}. */
  scratch: Tensor;
}

/** Appends the gradients of x, and of gain and bias where they are trained. */
export function layerNormBackward(gpu: Gpu, plan: Plan, op: LayerNormBackward): void {
  const [rows, columns] = op.x.shape;
  const { TEXELS, read } = reading(gpu, [op.dy], false);
  plan.dispatch(
    gpu.kernel(
      "layer_norm_backward",
      backwardSource,
      { THREADS: rowThreads(gpu), TEXELS, DY_TYPE: op.dy.type },
      { ...WORKGROUP_SUM, ...READ },
    ),
    spread(rows),
    [columns, rows],
    [
      read(op.x),
      read(op.gain),
      op.statistics,
      read(op.dy),
      op.dx,
      ...(TEXELS ? [read(op.dx)] : []),
    ],
  );
  if (op.dgain) {
    const { x, statistics, dgain } = op;
    columnSums(gpu, plan, op.dy, op.dbias, op.scratch, { x, statistics, sums: dgain });
  }
}
