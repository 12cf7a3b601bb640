import type { Gpu } from "../gpu/gpu.ts";
import { f32, type Plan, spread } from "../gpu/plan.ts";
import { rowSlices, type Tensor } from "../gpu/tensor.ts";
import { READ, reading } from "./includes.ts";
import { matmul } from "./matmul/matmul.ts";
import { rowThreads } from "./threads.ts";
import source from "../../wgsl/ops/cross_entropy.wgsl" with { type: "text" };

/** Most bytes of logits held at once. */
const LOGITS_BYTES = 32 * 2 ** 20;

/** The vocabulary rounded up so that its rows are whole vec4s; the padding rows of wte are 0. */
export function paddedVocabulary(vocabularySize: number): number {
  return Math.ceil(vocabularySize / 4) * 4;
}

/** Rows of logits that are held at once, of `rows` in all. */
export function logitRows(gpu: Gpu, rows: number, vocabularySize: number): number {
  const budget = Math.min(LOGITS_BYTES, gpu.maxBindingBytes);
  const fitting = Math.floor(budget / 4 / paddedVocabulary(vocabularySize) / 64) * 64;
  return Math.min(rows, Math.max(fitting, 64));
}

/** Tensors of the output layer and its loss. */
export interface CrossEntropy {
  /** (N, C): normalised activations. */
  x: Tensor;
  /** (V, C) with room for padding rows; may exceed what one binding covers. */
  wte: Tensor;
  /** (N), integers below V. */
  targets: Tensor;
  /** (N) */
  losses: Tensor;
  /** (N): set to 1 where no token is likelier than the target, else to 0. Not with `dx`. */
  hits?: Tensor;
  /** (logitRows, padded V), scratch. */
  logits: Tensor;
  /** (N, C): overwritten with the gradient of the mean loss. Without it, no gradient. */
  dx?: Tensor;
  /** Batches over whose tokens the gradient's mean goes, each of this size. @default 1 */
  microBatches?: number;
  /** Like wte: added to. */
  dwte?: Tensor;
  /** [0]: what gradients are multiplied by, for {@linkcode LossScaled}. @default 1 */
  lossScale?: Tensor;
}

/**
 * Appends logits = x wteᵀ, over the vocabulary in runs of rows that fit one binding.
 *
 * @param x (m, C)
 * @param wte (V, C) with room for padding rows
 * @param logits (at least m, padded V)
 */
export function outputLogits(gpu: Gpu, plan: Plan, x: Tensor, wte: Tensor, logits: Tensor): void {
  const [m, k] = x.shape;
  const outStride = logits.shape[1];
  for (const { start, count } of rowSlices(outStride, k, gpu.maxReadBytes, wte.type)) {
    matmul(gpu, plan, {
      a: x,
      b: wte.rows(start, count),
      bTransposed: true,
      m,
      n: count,
      k,
      out: logits.from(start),
      outStride,
    });
  }
}

/**
 * Appends logits = x wteᵀ and losses = -log softmax(logits)[target], and the gradients of the
 * mean loss. A chunk of rows at a time goes through logits, loss and gradient, so the logits of
 * the whole batch are never held; each product runs over the vocabulary in runs of rows that fit
 * one binding.
 */
export function crossEntropy(gpu: Gpu, plan: Plan, op: CrossEntropy): void {
  const { x, wte, logits, hits, dx, dwte, microBatches = 1, lossScale } = op;
  const [rows, width] = x.shape;
  const [chunk, padded] = logits.shape;
  const slicesOf = ({ type }: Tensor) => rowSlices(padded, width, gpu.maxReadBytes, type);
  // A gradient is of 32 bits and needs more slices than a matrix of 16.
  const [readSlices, writtenSlices] = [slicesOf(wte), dwte ? slicesOf(dwte) : []];
  const { TEXELS, read } = reading(gpu, [logits], false);
  const constants = {
    THREADS: rowThreads(gpu),
    TEXELS,
    BACKWARD: dx !== undefined,
    HITS: hits !== undefined,
    SCALED: lossScale !== undefined,
    SCALE: dx && TEXELS ? 5 : 4,
  };
  const kernel = gpu.kernel("cross_entropy", source, constants, READ);
  for (let first = 0; first < rows; first += chunk) {
    const m = Math.min(chunk, rows - first);
    const input = x.rows(first, m);
    outputLogits(gpu, plan, input, wte, logits);
    plan.dispatch(
      kernel,
      spread(m),
      [m, first, wte.shape[0], padded, f32(1 / (rows * microBatches))],
      [
        op.targets,
        dx ? logits : read(logits, m * padded),
        op.losses,
        ...(hits ? [hits] : []),
        ...(dx && TEXELS ? [read(logits, m * padded)] : []),
        ...(lossScale ? [lossScale] : []),
      ],
    );
    if (!dx || !dwte) continue;
    readSlices.forEach(({ start, count }, i) => {
      matmul(gpu, plan, {
        a: logits.from(start),
        aStride: padded,
        b: wte.rows(start, count),
        out: dx.rows(first, m),
        m,
        n: width,
        k: count,
        beta: i === 0 ? 0 : 1,
      });
    });
    for (const { start, count } of writtenSlices) {
      matmul(gpu, plan, {
        a: logits.from(start),
        aStride: padded,
        aTransposed: true,
        b: input,
        out: dwte.rows(start, count),
        m: count,
        n: width,
        k: m,
        beta: 1,
      });
    }
  }
}
