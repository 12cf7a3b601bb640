import { assertEquals } from "@std/assert";
import { chooseTile, matmul, type MatmulTile } from "../../src/ops/matmul.ts";
import { Random } from "../../src/random.ts";
import * as linear from "../reference/ops/linear.ts";
import { transpose } from "../reference/ops/transpose.ts";
import {
  assertClose,
  FORWARD,
  onBothKinds,
  openTestGpu,
  randomValues,
  run,
  upload,
} from "./helpers.ts";

const gpu = await openTestGpu();
const random = new Random(1);

interface Product {
  m: number;
  n: number;
  k: number;
  aTransposed?: boolean;
  bTransposed?: boolean;
  bias?: boolean;
  alpha?: number;
  beta?: number;
  batch?: number;
  /** Columns of the matrix that `out` is part of, before and after it. */
  outMargins?: [number, number];
  /** The same of A. */
  aMargins?: [number, number];
  tile?: MatmulTile;
}

/** Puts a matrix into a wider one of NaN. */
function embed(
  matrix: Float64Array,
  rows: number,
  columns: number,
  [before, after]: [number, number],
) {
  const stride = before + columns + after;
  const wide = new Float64Array(rows * stride).fill(NaN);
  for (let r = 0; r < rows; r++) {
    wide.set(matrix.subarray(r * columns, (r + 1) * columns), r * stride + before);
  }
  return { wide, stride };
}

/** Computes a product of random matrices and compares it with the reference. */
async function check(product: Product): Promise<void> {
  const { m, n, k, aTransposed = false, bTransposed = false, alpha, beta = 0, batch } = product;
  const { outMargins = [0, 0], aMargins = [0, 0], tile } = product;
  const bias = randomValues(random, n);
  const storedA: number[] = [];
  const storedB: number[] = [];
  const storedOut: number[] = [];
  const expected: number[] = [];
  let aStride = 0, outStride = 0;
  for (let i = 0; i < (batch ?? 1); i++) {
    const [a, b, old] = [m * k, k * n, m * n].map((size) => randomValues(random, size));
    const out = linear.forward(a, b, new Float64Array(n), m, k, n).map((value, i) =>
      (alpha ?? 1) * value + beta * old[i] + (product.bias ? bias[i % n] : 0)
    );
    const rows = aTransposed ? k : m;
    const aWide = embed(aTransposed ? transpose(a, m, k) : a, rows, m * k / rows, aMargins);
    const outWide = embed(beta ? old : old.fill(NaN), m, n, outMargins);
    storedA.push(...aWide.wide);
    storedB.push(...(bTransposed ? transpose(b, k, n) : b));
    storedOut.push(...outWide.wide);
    expected.push(...out);
    [aStride, outStride] = [aWide.stride, outWide.stride];
  }
  const [a, b, old, out] = [storedA, storedB, storedOut, storedOut].map((values) =>
    upload(gpu, [values.length], values)
  );
  const biasTensor = upload(gpu, [n], bias);
  const [values] = await run(gpu, (plan) => {
    plan.copy(old, out);
    matmul(gpu, plan, {
      ...{ a: a.from(aMargins[0]), b, out: out.from(outMargins[0]), m, n, k },
      ...{ aTransposed, bTransposed, alpha, beta, batch, tile },
      ...{ bias: product.bias ? biasTensor : undefined },
      ...{ aStride: product.aMargins && aStride, outStride: product.outMargins && outStride },
    });
  }, out);
  const inside = values.filter((_, i) => {
    const column = i % outStride - outMargins[0];
    return column >= 0 && column < n;
  });
  const outside = values.length - inside.length;
  assertEquals(values.filter(Number.isNaN).length, outside, "the margins stay as they are");
  assertClose(inside, expected, FORWARD, JSON.stringify(product));
  gpu.free(a, b, old, out, biasTensor);
}

const EVERY_TRANSPOSE = [[false, false], [false, true], [true, false], [true, true]]
  .map(([aTransposed, bTransposed]) => ({ aTransposed, bTransposed }));

// Every tile that chooseTile gives on any adapter, so each is checked on this one.
const TILES: MatmulTile[] = [
  { rows: 16, columns: 16, workgroup: [8, 1] },
  { rows: 8, columns: 8, workgroup: [8, 8] },
  { rows: 4, columns: 4, workgroup: [8, 8] },
  { rows: 4, columns: 4, workgroup: [8, 1] },
  { rows: 4, columns: 4, workgroup: [64, 1] },
  { rows: 1, columns: 4, workgroup: [64, 1] },
  { rows: 1, columns: 4, workgroup: [8, 1] },
];

function nameOf({ rows, columns, workgroup }: MatmulTile): string {
  return `${rows}x${columns} by ${workgroup.join("x")}`;
}

for (const tile of TILES) {
  Deno.test(`matmul: tiles of ${nameOf(tile)}, whole vec4s`, async () => {
    for (const transposes of EVERY_TRANSPOSE) {
      await check({ m: 4, n: 4, k: 4, ...transposes, tile });
      // Neither a multiple of 16 nor, in workgroups, one of them.
      await check({ m: 20, n: 36, k: 12, ...transposes, tile });
      await check({ m: 76, n: 140, k: 28, ...transposes, tile });
    }
  });
}

// Larger tiles are for vec4s only.
for (const tile of TILES.filter(({ rows }) => rows <= 4)) {
  Deno.test(`matmul: tiles of ${nameOf(tile)}, element by element`, async () => {
    for (const transposes of EVERY_TRANSPOSE) {
      for (const [m, n, k] of [[1, 1, 1], [2, 3, 1], [5, 6, 3], [37, 41, 29], [8, 8, 6]]) {
        await check({ m, n, k, ...transposes, tile });
      }
    }
  });
}

Deno.test("matmul: few rows, on adapters of both kinds", async () => {
  await onBothKinds(gpu, async () => {
    for (const m of [1, 2, 3, 4, 5]) {
      for (const bTransposed of [false, true]) {
        await check({ m, n: 132, k: 12, bTransposed });
        await check({ m, n: 13, k: 7, bTransposed });
      }
    }
  });
});

Deno.test("matmul: bias, alpha and beta", async () => {
  for (const [m, n, k] of [[20, 36, 12], [7, 5, 3]]) {
    await check({ m, n, k, bias: true });
    await check({ m, n, k, alpha: -0.25, beta: 1 });
    await check({ m, n, k, bias: true, alpha: 3, beta: -0.5 });
  }
});

Deno.test("matmul: a batch of products", async () => {
  await check({ m: 20, n: 8, k: 12, batch: 3, bias: true });
  await check({ m: 12, n: 12, k: 20, batch: 2, bTransposed: true, beta: 1 });
  await check({ m: 5, n: 3, k: 7, batch: 4, aTransposed: true, bTransposed: true, beta: 0.5 });
});

Deno.test("matmul: matrices that are columns of wider ones", async () => {
  for (const after of [0, 4, 3]) {
    const margins: [number, number] = [64, after];
    await check({ m: 20, n: 36, k: 12, outMargins: margins });
    await check({ m: 20, n: 36, k: 12, outMargins: margins, beta: 1, bTransposed: true });
    await check({ m: 20, n: 36, k: 12, aMargins: margins });
    await check({ m: 20, n: 36, k: 12, aMargins: margins, aTransposed: true });
    await check({ m: 6, n: 5, k: 7, aMargins: margins, outMargins: margins, batch: 2 });
  }
  // Strides of whole vec4s around matrices that are not.
  await check({ m: 20, n: 37, k: 12, bTransposed: true, outMargins: [64, 3] });
  await check({ m: 21, n: 36, k: 12, aTransposed: true, aMargins: [64, 3] });
  await check({ m: 20, n: 36, k: 13, aMargins: [64, 3] });
  await check({ m: 8, n: 4, k: 12, aMargins: [0, 8], aTransposed: true, batch: 2 });
});

Deno.test("matmul: K of thousands", async () => {
  await check({ m: 4, n: 20, k: 4096 });
  await check({ m: 5, n: 6, k: 3001 });
});

Deno.test("matmul: the chosen tiles are the ones checked above", () => {
  const known = TILES.map(nameOf);
  for (const isSoftware of [true, false]) {
    for (const m of [1, 2, 3, 4, 64, 256, 5000]) {
      for (const vector of [true, false]) {
        const tile = chooseTile({ isSoftware }, m, 50_000, vector);
        assertEquals(known.includes(nameOf(tile)), true, nameOf(tile));
        if (!vector) assertEquals(tile.rows <= 4, true);
      }
    }
  }
});
