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

/** About how many arithmetic operations the polar factor of a matrix takes. */
export function polarWork(rows: number, columns: number, steps: number): number {
  const [m, n] = [rows, columns].sort((a, b) => a - b);
  if (!isWide(m, n)) return steps * (4 * m * m * n + 2 * m ** 3);
  return 4 * m * m * n + (4 * steps - 3) * 2 * m ** 3;
}

/** Workspaces that lie over the same memory, so that only one at a time can be worked in. */
export interface PolarWorkspaces {
  /** One for each size. */
  workspaces: PolarWorkspace[];
  /** What they lie over: to be freed. */
  memory: Tensor[];
}

/** Allocates workspaces for so many matrices of so many rows and columns each. */
export function polarWorkspaces(
  gpu: Gpu,
  sizes: readonly (readonly [batch: number, rows: number, columns: number])[],
): PolarWorkspaces {
  const shapes = sizes.map(([batch, rows, columns]) => {
    const [matrices, squares] = [[batch, rows, columns], [batch, rows, rows]];
    const always = { x: matrices, next: matrices, gram: squares, polynomial: squares };
    return isWide(rows, columns) ? { ...always, factor: squares, scratch: squares } : always;
  });
  const largest = new Map<string, number>();
  for (const [name, shape] of shapes.flatMap((one) => Object.entries(one))) {
    largest.set(name, Math.max(largest.get(name) ?? 0, sizeOf(shape)));
  }
  const memory = gpu.allocateAll(() =>
    new Map([...largest].map(([name, size]) => [name, gpu.tensor(`polar ${name}`, [size])]))
  );
  const view = (name: string, shape: number[]) => memory.get(name)!.as(shape);
  return {
    workspaces: shapes.map(({ x, next, gram, polynomial, ...wide }) => ({
      x: view("x", x),
      next: view("next", next),
      gram: view("gram", gram),
      polynomial: view("polynomial", polynomial),
      ...Object.fromEntries(Object.entries(wide).map(([name, shape]) => [name, view(name, shape)])),
    })),
    memory: [...memory.values()],
  };
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, n) => product * n, 1);
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
