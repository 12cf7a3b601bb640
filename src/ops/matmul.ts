import type { Gpu } from "../gpu/gpu.ts";
import { f32, type Plan } from "../gpu/plan.ts";
import type { Tensor } from "../gpu/tensor.ts";
import source from "../../wgsl/matmul.wgsl" with { type: "text" };

/** A product out = alpha · op(A) op(B) + beta · out + bias of row-major matrices. */
export interface MatmulOptions {
  /** op(A) is (m, k). */
  a: Tensor;
  /** op(B) is (k, n). */
  b: Tensor;
  /** (m, n); must share memory with neither operand. */
  out: Tensor;
  m: number;
  n: number;
  k: number;
  /** A is stored (k, m). @default false */
  aTransposed?: boolean;
  /** B is stored (n, k). @default false */
  bTransposed?: boolean;
  /** (n), added to every row. */
  bias?: Tensor;
  /** @default 1 */
  alpha?: number;
  /** How much of the old `out` is kept: 1 to accumulate. @default 0 */
  beta?: number;
  /** Number of products, whose matrices lie one after the other. @default 1 */
  batch?: number;
  /** Elements from one stored row of `out` to the next. @default n */
  outStride?: number;
  /** Elements from one stored row of A to the next. @default its stored row length */
  aStride?: number;
  /** @default chosen by shape and adapter */
  tile?: MatmulTile;
}

/** The part of the product that one invocation computes. */
export interface MatmulTile {
  /** Rows: 1 or a multiple of 4. */
  rows: number;
  /** Columns: a multiple of 4. */
  columns: number;
  /** Invocations of a workgroup along the columns and the rows. */
  workgroup: readonly [number, number];
}

/**
 * Chooses the tile for a product of this shape on this adapter.
 *
 * @param vector Whether all rows are whole vec4s.
 */
export function chooseTile(
  gpu: Pick<Gpu, "isSoftware">,
  m: number,
  n: number,
  vector: boolean,
): MatmulTile {
  if (m < 4) {
    return { rows: m === 1 ? 1 : 4, columns: 4, workgroup: gpu.isSoftware ? [8, 1] : [64, 1] };
  }
  // Element by element, the larger tiles are long programs: the software driver takes 9 s to
  // compile one.
  if (!vector) return { rows: 4, columns: 4, workgroup: gpu.isSoftware ? [8, 1] : [8, 8] };
  // A load costs the software driver far more than a multiply-add, hence its large tile.
  if (gpu.isSoftware) return { rows: 16, columns: 16, workgroup: [8, 1] };
  return Math.min(m, n) < 256
    ? { rows: 4, columns: 4, workgroup: [8, 8] }
    : { rows: 8, columns: 8, workgroup: [8, 8] };
}

/** Appends a matrix product to a plan. Shapes are arbitrary; multiples of 4 are faster. */
export function matmul(gpu: Gpu, plan: Plan, options: MatmulOptions): void {
  const { a, b, out, bias, m, n, k, batch = 1, alpha = 1, beta = 0 } = options;
  const { aTransposed = false, bTransposed = false } = options;
  const aRow = aTransposed ? m : k;
  const bRow = bTransposed ? k : n;
  const { outStride = n, aStride = aRow } = options;
  const vector = [aRow, k, n, outStride, aStride].every((length) => length % 4 === 0);
  const { tile = chooseTile(gpu, m, n, vector) } = options;
  const kernel = gpu.kernel("matmul", source, {
    // One row of op(A) is no vec4 of a stored row of its transpose.
    VECTOR: vector && !(aTransposed && tile.rows === 1),
    A_TRANSPOSED: aTransposed,
    B_TRANSPOSED: bTransposed,
    TILE_M: tile.rows,
    TILE_N: tile.columns,
    TILE_M4: Math.ceil(tile.rows / 4),
    TILE_N4: tile.columns / 4,
    ROWS: "xyzw".slice(0, Math.min(tile.rows, 4)),
    WORKGROUP_X: tile.workgroup[0],
    WORKGROUP_Y: tile.workgroup[1],
  });
  plan.dispatch(
    kernel,
    [
      Math.ceil(n / tile.columns / tile.workgroup[0]),
      Math.ceil(m / tile.rows / tile.workgroup[1]),
      batch,
    ],
    [
      ...[m, n, k, bias ? 1 : 0],
      ...[(aTransposed ? k : m) * aStride, k * n, m * outStride, f32(alpha)],
      ...[f32(beta), aStride, bRow, outStride],
    ],
    // A binding cannot stay empty: without a bias B stands in for it, unread.
    [a, b, bias ?? b, out],
  );
}
