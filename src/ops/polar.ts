import type { Gpu } from "../gpu/gpu.ts";
import type { Plan } from "../gpu/plan.ts";
import type { Tensor } from "../gpu/tensor.ts";
import { matmul } from "./matmul.ts";

/** X <- (a + b A + c A²) X with A = X Xᵀ. */
export type NewtonSchulzStep = readonly [a: number, b: number, c: number];

/** Raises small singular values fast and leaves the others around 1 (Jordan 2024, Muon). */
export const QUINTIC: NewtonSchulzStep = [3.4445, -4.7750, 2.0315];
/** Converges to 1 from anywhere in (0, √3) (Newton-Schulz). */
export const CUBIC: NewtonSchulzStep = [1.5, -0.5, 0];

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
}

/** Allocates a workspace for `batch` matrices. */
export function polarWorkspace(
  gpu: Gpu,
  batch: number,
  rows: number,
  columns: number,
): PolarWorkspace {
  return {
    x: gpu.tensor("polar x", [batch, rows, columns]),
    next: gpu.tensor("polar next", [batch, rows, columns]),
    gram: gpu.tensor("polar gram", [batch, rows, rows]),
    polynomial: gpu.tensor("polar polynomial", [batch, rows, rows]),
  };
}

/**
 * Appends Newton-Schulz steps that turn each matrix of `x`, whose singular values must be at
 * most about 1, into its polar factor U Vᵀ.
 *
 * @returns The tensor that holds the result: `x` or `next`.
 */
export function polarFactor(
  gpu: Gpu,
  plan: Plan,
  workspace: PolarWorkspace,
  steps: readonly NewtonSchulzStep[],
  batch: number = workspace.x.shape[0],
): Tensor {
  const { gram, polynomial } = workspace;
  const [, m, n] = workspace.x.shape;
  let { x, next } = workspace;
  for (const [a, b, c] of steps) {
    matmul(gpu, plan, { a: x, b: x, bTransposed: true, out: gram, m, n: m, k: n, batch });
    let factor = gram;
    let alpha = b;
    if (c !== 0) {
      plan.copy(gram, polynomial);
      const square = { a: gram, b: gram, out: polynomial, m, n: m, k: m, batch };
      matmul(gpu, plan, { ...square, alpha: c, beta: b });
      factor = polynomial;
      alpha = 1;
    }
    plan.copy(x, next);
    matmul(gpu, plan, { a: factor, b: x, out: next, m, n, k: m, batch, alpha, beta: a });
    [x, next] = [next, x];
  }
  return x;
}
