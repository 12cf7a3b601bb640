import type { Gpu } from "../../gpu/gpu.ts";
import type { Kernel } from "../../gpu/kernel.ts";
import { f32, type Plan } from "../../gpu/plan.ts";
import type { Constants } from "../../gpu/template.ts";
import type { Tensor } from "../../gpu/tensor.ts";
import { GELU, READ, reading } from "../includes.ts";
import { chooseVariant } from "./tuning.ts";
import { gridUnit, type MatmulVariant, skipsWork, threadsOf } from "./variants.ts";
import registersSource from "../../../wgsl/ops/matmul/registers.wgsl" with { type: "text" };
import shared from "../../../wgsl/ops/matmul/include/shared.wgsl" with { type: "text" };
import workgroupSource from "../../../wgsl/ops/matmul/workgroup.wgsl" with { type: "text" };

/**
 * A product out = alpha · op(A) op(B) + beta · out + diagonal · I + bias of row-major matrices. A, B
 * and `out` may be stored in 16 bits each; sums are of 32.
 */
export interface MatmulOptions {
  /** op(A) is (m, k). */
  a: Tensor;
  /** op(B) is (k, n). */
  b: Tensor;
  /** (m, n); must share memory with neither operand. */
  out: Tensor;
  /** Rows of the product. */
  m: number;
  /** Columns of the product. */
  n: number;
  /** What is added up over. */
  k: number;
  /** A is stored (k, m). @default false */
  aTransposed?: boolean;
  /** B is stored (n, k). @default false */
  bTransposed?: boolean;
  /** (n), added to every row. */
  bias?: Tensor;
  /** (m, n), laid out as `out`: becomes GELU(out). */
  activated?: Tensor;
  /** (m, n), laid out as `out`: `out` is multiplied by the derivative of GELU there. */
  geluOf?: Tensor;
  /** A factor of the product. @default 1 */
  alpha?: number;
  /** How much of the old `out` is kept: 1 to accumulate. @default 0 */
  beta?: number;
  /** Added to the diagonal. @default 0 */
  diagonal?: number;
  /**
   * The product, and the old `out` if it is kept, are symmetric matrices, which halves the work:
   * what lies below the diagonal is a copy of what lies above. Not with bias or GELU.
   * @default false
   */
  symmetric?: boolean;
  /** Number of products, whose matrices lie one after the other. @default 1 */
  batch?: number;
  /** Elements from one stored row of `out` to the next. @default n */
  outStride?: number;
  /** Elements from one stored row of A to the next. @default its stored row length */
  aStride?: number;
  /** Which kernel. @default chosen by shape and adapter */
  variant?: MatmulVariant;
}

/** What both kernels have in common. */
const INCLUDES = { shared, ...GELU, ...READ };

/** Appends a matrix product to a plan. Shapes are arbitrary; multiples of 4 are faster. */
export function matmul(gpu: Gpu, plan: Plan, options: MatmulOptions): void {
  const { a, b, out, bias, m, n, k, batch = 1, alpha = 1, beta = 0 } = options;
  const { aTransposed = false, bTransposed = false, activated, geluOf, diagonal = 0 } = options;
  const aRow = aTransposed ? m : k;
  const bRow = bTransposed ? k : n;
  const { outStride = n, aStride = aRow } = options;
  const whole = [aRow, k, n, outStride, aStride].every((length) => length % 4 === 0);
  // Below 4 rows there are no squares to mirror.
  const wanted = options.symmetric === true && m >= 4;
  const shape = { m, n, k, batch, aTransposed, bTransposed, vector: whole, symmetric: wanted };
  const { variant = chooseVariant(gpu, shape) } = options;
  const symmetric = wanted && skipsWork(variant, shape);
  // One row of op(A) is no vec4 of a stored row of its transpose.
  const vector = whole && !(aTransposed && variant.tile[0] === 1);
  const { TEXELS, read } = reading(gpu, [a, b, out], vector);
  const uniformA = TEXELS && vector && m === 1 && batch === 1 && fitsUniform(gpu, a, out);
  const constants = {
    VECTOR: vector,
    TEXELS,
    UNIFORM_A: uniformA,
    K4: uniformA ? k / 4 : 0,
    // A buffer can be read where it is written, a texture cannot.
    BEFORE: TEXELS && !uniformA,
    EXTRA: TEXELS && !uniformA ? 6 : 5,
    A_TYPE: a.type,
    B_TYPE: b.type,
    OUT_TYPE: out.type,
    A_TRANSPOSED: aTransposed,
    B_TRANSPOSED: bTransposed,
    SYMMETRIC: symmetric,
    DIAGONAL: diagonal !== 0,
    GELU: activated !== undefined,
    GELU_BACKWARD: geluOf !== undefined,
  };
  const kernel = kernelOf(gpu, variant, constants);
  const outSize = (batch * m - 1) * outStride + n;
  const [columns, rows] = gridUnit(variant);
  plan.dispatch(
    kernel,
    [Math.ceil(n / columns), Math.ceil(m / rows), batch],
    [
      ...[m, n, k, bias ? 1 : 0],
      ...[(aTransposed ? k : m) * aStride, k * n, m * outStride, f32(alpha)],
      ...[f32(beta), aStride, bRow, outStride],
      ...diagonal !== 0 ? [f32(diagonal)] : [],
    ],
    // A binding cannot stay empty: without a bias B stands in for it, unread.
    [
      uniformA ? a : read(a, (batch * (aTransposed ? k : m) - 1) * aStride + aRow),
      read(b, batch * k * n),
      bias ?? b,
      out,
      ...(constants.BEFORE ? [read(out, beta === 0 ? 1 : outSize)] : []),
      ...(activated ? [activated] : []),
      ...(geluOf ? [read(geluOf, outSize)] : []),
    ],
    (symmetric ? 1 : 2) * m * n * k * batch,
  );
}

/**
 * Whether a matrix of one row can be a uniform, of which the software driver loads a number once for
 * all columns, and without a copy. No buffer is a uniform and written at once.
 */
function fitsUniform({ device }: Gpu, a: Tensor, out: Tensor): boolean {
  return a.byteLength <= device.limits.maxUniformBufferBindingSize && a.buffer !== out.buffer;
}

/** The kernel of a variant, whose tiles are divided among threads in one of two ways. */
function kernelOf(gpu: Gpu, variant: MatmulVariant, constants: Constants): Kernel {
  const [rows, columns] = variant.tile;
  const tiled = {
    ...constants,
    TILE_M: rows,
    TILE_N: columns,
    TILE_M4: Math.ceil(rows / 4),
    TILE_N4: columns / 4,
  };
  if (variant.kind === "registers") {
    const [WORKGROUP_X, WORKGROUP_Y] = variant.workgroup;
    const ROWS = "xyzw".slice(0, Math.min(rows, 4));
    const own = { ROWS, WORKGROUP_X, WORKGROUP_Y };
    return gpu.kernel("matmul_registers", registersSource, { ...tiled, ...own }, INCLUDES);
  }
  const [BLOCK_M, BLOCK_N, BLOCK_K] = variant.block;
  const THREADS = threadsOf(variant);
  const LOADS = (BLOCK_M + BLOCK_N) * BLOCK_K / 16 / THREADS;
  const own = { BLOCK_M, BLOCK_N, BLOCK_K, THREADS, LOADS };
  return gpu.kernel("matmul_workgroup", workgroupSource, { ...tiled, ...own }, INCLUDES);
}
