import { polarSteps } from "../../../src/ops/polar/steps.ts";
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
 * The singular vectors are kept. After the four steps, a singular value of at least 0.006 ‖G‖_F is
 * in [0.938, 1.062]; a smaller one has been multiplied by up to 201, and is below that.
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
  for (const [a, b, c] of polarSteps(0.006, { count: 4 })) {
    const A = multiply(X, transpose(X, rows, columns), rows, columns, rows);
    const A2 = multiply(A, A, rows, rows, rows);
    const polynomial = A.map((value, i) => b * value + c * A2[i]);
    const product = multiply(polynomial, X, rows, rows, columns);
    X = X.map((value, i) => a * value + product[i]);
  }
  return X;
}
