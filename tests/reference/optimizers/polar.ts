import { polarSteps } from "../../../src/ops/polar/steps.ts";
import { columnBlock, subtractFromColumnBlock } from "./column_block.ts";
import { norm, quotient } from "./norm.ts";
import { transpose } from "../ops/transpose.ts";

/** X (n, m) times Y (m, k). */
function multiply(X: Float64Array, Y: Float64Array, n: number, m: number, k: number) {
  const Z = new Float64Array(n * k);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < m; j++) {
      for (let l = 0; l < k; l++) Z[i * k + l] += X[i * m + j] * Y[j * k + l];
    }
  }
  return Z;
}

/**
 * About the polar factor U Vᵀ of G = U Σ Vᵀ, by steps X ← (a + b A + c A²) X with A = X Xᵀ from
 * X = G / ‖G‖_F on.
 *
 * The singular vectors are kept. After the three steps, a singular value of at least 0.006 ‖G‖_F
 * is in [0.554, 1.446]; a smaller one has been multiplied by up to 96, and is below that.
 *
 * @param G (rows, columns)
 * @returns (rows, columns); zeros where G is zero
 */
export function polar(G: Float64Array, rows: number, columns: number): Float64Array {
  if (rows > columns) {
    const wide = polar(transpose(G, rows, columns), columns, rows);
    return transpose(wide, columns, rows);
  }
  let X = quotient(G, norm(G));
  for (const [a, b, c] of polarSteps(0.006, { count: 3 })) {
    const A = multiply(X, transpose(X, rows, columns), rows, columns, rows);
    const A2 = multiply(A, A, rows, rows, rows);
    const polynomial = A.map((value, i) => b * value + c * A2[i]);
    const product = multiply(polynomial, X, rows, rows, columns);
    X = X.map((value, i) => a * value + product[i]);
  }
  return X;
}

/**
 * The polar factors of groups of `heads` matrices side by side, like G (rows, heads · columns): of
 * two groups, or as many as the smallest divisor of an odd number of heads.
 */
export function polarOfHeads(G: Float64Array, rows: number, heads = 1): Float64Array {
  let groups = Math.min(2, heads);
  while (heads % groups !== 0) groups++;
  const factors = new Float64Array(G.length);
  for (let group = 0; group < groups; group++) {
    const block = columnBlock(G, rows, groups, group);
    const factor = polar(block, rows, block.length / rows);
    subtractFromColumnBlock(factors, rows, groups, group, -1, factor);
  }
  return factors;
}
