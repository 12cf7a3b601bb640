import type { Gpu } from "../gpu/gpu.ts";
import type { Plan } from "../gpu/plan.ts";
import type { Tensor } from "../gpu/tensor.ts";
import { READ, reading } from "./includes.ts";
import { THREADS } from "./threads.ts";
import source from "../../wgsl/ops/column_sums.wgsl" with { type: "text" };

const ROWS_PER_BLOCK = 64;

/** Elements of scratch that {@linkcode columnSums} needs for (rows, columns). */
export function columnSumsScratch(rows: number, columns: number): number {
  // Two halves: plain and weighted sums. 64 elements keep the second half's offset aligned.
  return 2 * Math.ceil(Math.ceil(rows / ROWS_PER_BLOCK) * columns / 64) * 64;
}

/** A layer norm whose gain's gradient is wanted: sums of values · (x - mean) / deviation. */
export interface NormalisedWeights {
  /** (rows, columns) */
  x: Tensor;
  /** (rows, 2) */
  statistics: Tensor;
  /** (columns): added to. */
  sums: Tensor;
}

/**
 * Appends sums += the sum of `values` over its rows, in a fixed order: the gradient of a bias,
 * and with `weighted` a layer norm's gradient of its gain. Without `sums` only the latter.
 *
 * @param scratch One axis, of at least {@linkcode columnSumsScratch} elements.
 */
export function columnSums(
  gpu: Gpu,
  plan: Plan,
  values: Tensor,
  sums: Tensor | undefined,
  scratch: Tensor,
  weighted?: NormalisedWeights,
): void {
  const [rows, columns] = values.shape;
  const blocks = Math.ceil(rows / ROWS_PER_BLOCK);
  const plainScratch = scratch.rows(0, scratch.size / 2);
  const weightedScratch = scratch.from(scratch.size / 2);
  const { TEXELS, read } = reading(gpu, [values], false);
  const constants = { THREADS, TEXELS, TYPE: values.type, WEIGHTED: weighted !== undefined };
  plan.dispatch(
    gpu.kernel("column_sums", source, constants, READ),
    [Math.ceil(columns / THREADS), blocks],
    [columns, rows, ROWS_PER_BLOCK, 0],
    weighted
      ? [
        read(values),
        plainScratch,
        read(weighted.x),
        read(weighted.statistics),
        weightedScratch,
      ]
      : [read(values), plainScratch],
  );
  const sumsOfBlocks = { THREADS, TEXELS: false, TYPE: "f32", WEIGHTED: false };
  const total = gpu.kernel("column_sums", source, sumsOfBlocks, READ);
  for (const [from, to] of [[plainScratch, sums], [weightedScratch, weighted?.sums]]) {
    if (!from || !to) continue;
    plan.dispatch(total, [Math.ceil(columns / THREADS), 1], [columns, blocks, blocks, 1], [
      from,
      to,
    ]);
  }
}
