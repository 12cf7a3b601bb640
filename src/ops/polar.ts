import type { Gpu } from "../gpu/gpu.ts";
import type { Plan } from "../gpu/plan.ts";
import type { Tensor } from "../gpu/tensor.ts";
import { matmul } from "./matmul.ts";
import type { PolarStep } from "./polar_steps.ts";

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
  /** (batch, rows, rows), as `factor`: identity matrices. */
  identity?: Tensor;
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
  const workspace: PolarWorkspace = {
    x: gpu.tensor("polar x", [batch, rows, columns]),
    next: gpu.tensor("polar next", [batch, rows, columns]),
    gram: square("gram"),
    polynomial: square("polynomial"),
  };
  if (!isWide(rows, columns)) return workspace;
  const identity = square("identity");
  const values = new Float32Array(identity.size);
  for (let i = 0; i < batch * rows; i++) values[i * rows + i % rows] = 1;
  gpu.write(identity, values);
  return { ...workspace, factor: square("factor"), scratch: square("scratch"), identity };
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
  const { factor, scratch, identity } = workspace;
  const { gram, polynomial } = workspace;
  let { x, next } = workspace;
  const [, m, n] = x.shape;
  const square = { m, n: m, k: m, batch, symmetric: true };
  const toGram = (x: Tensor) =>
    matmul(gpu, plan, { ...square, a: x, b: x, bTransposed: true, k: n, out: gram });
  /** The step's polynomial of `gram`, but for the term a. */
  const toPolynomial = ([, b, c]: PolarStep) => {
    plan.copy(gram, polynomial);
    matmul(gpu, plan, { ...square, a: gram, b: gram, out: polynomial, alpha: c, beta: b });
  };
  /** y = (a + polynomial) x, which is symmetric if x is a polynomial of `gram` too. */
  const apply = ([a]: PolarStep, x: Tensor, y: Tensor, symmetric = true) => {
    plan.copy(x, y);
    const n = x.shape[2];
    matmul(gpu, plan, { a: polynomial, b: x, out: y, m, n, k: m, batch, beta: a, symmetric });
  };

  if (!factor || !scratch || !identity) {
    for (const step of steps) {
      toGram(x);
      toPolynomial(step);
      apply(step, x, next, false);
      [x, next] = [next, x];
    }
    return x;
  }
  toGram(x);
  let [product, spare] = [factor, scratch];
  plan.copy(identity, product);
  steps.forEach((step, i) => {
    toPolynomial(step);
    apply(step, product, spare);
    [product, spare] = [spare, product];
    if (i === steps.length - 1) return;
    apply(step, gram, spare);
    apply(step, spare, gram);
  });
  matmul(gpu, plan, { a: product, b: x, out: next, m, n, k: m, batch });
  return next;
}
