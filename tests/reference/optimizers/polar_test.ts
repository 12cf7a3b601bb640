import { assertAlmostEquals, assertEquals, assertGreater, assertLess } from "@std/assert";
import { polarSteps, valueOf } from "../../../src/ops/polar/steps.ts";
import { Random } from "../../../src/random.ts";
import { relativeError } from "../compare.ts";
import { randomArray } from "../random.ts";
import { norm } from "./norm.ts";
import { polar } from "./polar.ts";

/** What the iteration makes of one singular value, as a fraction of the Frobenius norm. */
function polarOfSingularValue(x: number): number {
  return polarSteps(0.006, { count: 3 }).reduce((x, step) => valueOf(step, x), x);
}

/** k random orthonormal vectors of length n, by Gram-Schmidt. */
function orthonormal(random: Random, k: number, n: number): Float64Array[] {
  const vectors: Float64Array[] = [];
  while (vectors.length < k) {
    const v = randomArray(random, n);
    for (const u of vectors) {
      const along = u.reduce((sum, value, i) => sum + value * v[i], 0);
      u.forEach((value, i) => v[i] -= along * value);
    }
    vectors.push(v.map((value) => value / norm(v)));
  }
  return vectors;
}

/** Σ values[k] u[k] v[k]ᵀ, (rows, columns). */
function fromSingularValues(values: number[], u: Float64Array[], v: Float64Array[]): Float64Array {
  const columns = v[0].length;
  const G = new Float64Array(u[0].length * columns);
  values.forEach((value, k) => {
    for (let i = 0; i < G.length; i++) {
      G[i] += value * u[k][Math.floor(i / columns)] * v[k][i % columns];
    }
  });
  return G;
}

for (const [rows, columns] of [[4, 4], [3, 8], [9, 5]]) {
  Deno.test(`polar: keeps the singular vectors of a ${rows} x ${columns} matrix`, () => {
    const random = new Random(14);
    const rank = Math.min(rows, columns);
    const u = orthonormal(random, rank, rows);
    const v = orthonormal(random, rank, columns);
    const values = [7, 2, 0.5, 0.03, 0].slice(0, rank);
    const G = fromSingularValues(values, u, v);
    const size = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
    const expected = values.map((value) => polarOfSingularValue(value / size));
    const D = polar(G, rows, columns);
    assertLess(relativeError(D, fromSingularValues(expected, u, v)), 1e-12);
  });
}

Deno.test("polar: singular values from 0.006 of the norm end in [0.553, 1.447], smaller ones below", () => {
  for (let exponent = -4; exponent < -1e-9; exponent += 0.001) {
    const small = 10 ** exponent;
    // (small, √(1 - small²)) on the diagonal has a Frobenius norm of 1.
    const D = polar(Float64Array.of(small, 0, 0, Math.sqrt(1 - small ** 2)), 2, 2);
    if (small >= 0.006) assertGreater(D[0], 0.553, `singular value ${small}`);
    assertLess(D[0], Math.min(1.447, 96 * small), `singular value ${small}`);
  }
});

Deno.test("polar: the rows of a random matrix become about orthonormal", () => {
  const [rows, columns] = [24, 64];
  const D = polar(randomArray(new Random(15), rows * columns), rows, columns);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < rows; j++) {
      let product = 0;
      for (let c = 0; c < columns; c++) product += D[i * columns + c] * D[j * columns + c];
      // Singular values in [0.553, 1.447] put the eigenvalues of D Dᵀ in [0.305, 2.094].
      assertAlmostEquals(product, i === j ? 1.2 : 0, 0.895);
    }
  }
});

Deno.test("polar: scale does not matter, and zero stays zero", () => {
  const G = randomArray(new Random(16), 3 * 5);
  const tiny = G.map((value) => 1e-30 * value);
  assertLess(relativeError(polar(tiny, 3, 5), polar(G, 3, 5)), 1e-12);
  assertEquals(polar(new Float64Array(15), 5, 3), new Float64Array(15));
});
