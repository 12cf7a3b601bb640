import type { Gpu } from "../../gpu/gpu.ts";
import type { Plan } from "../../gpu/plan.ts";
import type { Tensor } from "../../gpu/tensor.ts";
import { matmul } from "../matmul/matmul.ts";
import type { PolarStep } from "./steps.ts";

/** A batch of matrices and room to work on them. */
export interface PolarWorkspace {
  /** (batch, rows, columns), rows <= columns. */
  x: Tensor;
  /** Like x. */
  next: Tensor;
  /** (batch, rows, rows) */
  gram: Tensor;
  /** (batch, rows, rows) */
  polynomial: Tensor;
  /** (batch, rows, rows): for matrices that are wide enough for {@linkcode isWide}. */
  factor?: Tensor;
  /** (batch, rows, rows), as `factor`. */
  scratch?: Tensor;
}

/** Whether it takes less arithmetic to iterate on the Gram matrix than on the matrix itself. */
function isWide(rows: number, columns: number): boolean {
  return columns >= 2 * rows;
}

/** Allocates a workspace for `batch` matrices. */
export function polarWorkspace(
  gpu: Gpu,
  batch: number,
  rows: number,
  columns: number,
): PolarWorkspace {
  const square = (label: string) => gpu.tensor(`polar ${label}`, [batch, rows, rows]);
  return gpu.allocateAll(() => ({
    x: gpu.tensor("polar x", [batch, rows, columns]),
    next: gpu.tensor("polar next", [batch, rows, columns]),
    gram: square("gram"),
    polynomial: square("polynomial"),
    ...isWide(rows, columns) ? { factor: square("factor"), scratch: square("scratch") } : {},
  }));
}

/**
 * Appends the steps that turn each matrix of `x`, whose singular values must be at most 1, into its
 * polar factor U Vᵀ.
 *
 * Of a wide matrix only the Gram matrix is iterated on: every step multiplies X by a polynomial Q
 * of A = X Xᵀ, with which A commutes, so the next step's A is Q A Q, and X is multiplied by the
 * product of all Q once, at the end.
 *
 * @returns The tensor that holds the result: `x` or `next`.
 */
export function polarFactor(
  gpu: Gpu,
  plan: Plan,
  workspace: PolarWorkspace,
  steps: readonly PolarStep[],
  batch: number = workspace.x.shape[0],
): Tensor {
  const { gram, factor, scratch } = workspace;
  let { x, next, polynomial } = workspace;
  const [, m, n] = x.shape;
  const square = { m, n: m, k: m, batch, symmetric: true };
  const toGram = () =>
    matmul(gpu, plan, { ...square, a: x, b: x, bTransposed: true, k: n, out: gram });
  /** The step's polynomial of `gram`. */
  const toPolynomial = ([a, b, c]: PolarStep) => {
    plan.copy(gram, polynomial);
    const coefficients = { alpha: c, beta: b, diagonal: a };
    matmul(gpu, plan, { ...square, a: gram, b: gram, out: polynomial, ...coefficients });
  };
  /** `polynomial` times one of `gram` too, which is symmetric. */
  const multiply = (b: Tensor, out: Tensor) =>
    matmul(gpu, plan, { ...square, a: polynomial, b, out });

  if (!factor || !scratch) {
    for (const step of steps) {
      toGram();
      toPolynomial(step);
      matmul(gpu, plan, { a: polynomial, b: x, out: next, m, n, k: m, batch });
      [x, next] = [next, x];
    }
    return x;
  }
  toGram();
  let spare = scratch;
  let product: Tensor | undefined; // of the polynomials so far
  for (const [i, step] of steps.entries()) {
    toPolynomial(step);
    if (product) {
      multiply(product, spare);
      [product, spare] = [spare, product];
    }
    if (i < steps.length - 1) {
      multiply(gram, spare);
      multiply(spare, gram);
    }
    if (!product) [product, polynomial] = [polynomial, factor];
  }
  matmul(gpu, plan, { a: product!, b: x, out: next, m, n, k: m, batch });
  return next;
}
