import { assertEquals } from "@std/assert";
import { matmul } from "../../../src/ops/matmul/matmul.ts";
import {
  candidates,
  type MatmulShape,
  type MatmulVariant,
  variantName,
} from "../../../src/ops/matmul/variants.ts";
import { Random } from "../../../src/random.ts";
import * as gelu from "../../reference/ops/gelu.ts";
import * as linear from "../../reference/ops/linear.ts";
import { transpose } from "../../reference/ops/transpose.ts";
import {
  assertClose,
  FORWARD,
  onBothKinds,
  onKind,
  openTestGpu,
  randomValues,
  run,
  upload,
} from "../helpers.ts";

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
  diagonal?: number;
  batch?: number;
  /** Columns of the matrix that `out` is part of, before and after it. */
  outMargins?: [number, number];
  /** The same of A. */
  aMargins?: [number, number];
  variant?: MatmulVariant;
  /** B becomes op(A)ᵀ, and `out` symmetric. */
  symmetric?: boolean;
  /** Fuses GELU. */
  gelu?: boolean;
  /** Fuses the derivative of GELU. */
  geluBackward?: boolean;
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

/** Runs `body` on the kind of adapters that a variant is offered to. */
async function onItsKind(variant: MatmulVariant, body: () => Promise<void>): Promise<void> {
  const name = variantName(variant);
  const isSoftware = [true, false].some((vector) => offered("software", vector).has(name));
  await onKind(gpu, isSoftware ? "software" : "GPU", body);
}

/** Computes a product of random matrices and compares it with the reference. */
async function check(product: Product): Promise<void> {
  const { variant } = product;
  if (variant) await onItsKind(variant, () => checkHere(product));
  else await checkHere(product);
}

async function checkHere(product: Product): Promise<void> {
  const { m, n, k, aTransposed = false, bTransposed = false, alpha, beta = 0, batch } = product;
  const { diagonal } = product;
  const { outMargins = [0, 0], aMargins = [0, 0], variant, symmetric } = product;
  const bias = randomValues(random, n);
  const storedA: number[] = [];
  const storedB: number[] = [];
  const storedOut: number[] = [];
  const expected: number[] = [];
  let aStride = 0, outStride = 0;
  for (let i = 0; i < (batch ?? 1); i++) {
    const [a, other, old] = [m * k, k * n, m * n].map((size) => randomValues(random, size));
    const b = symmetric ? transpose(a, m, k) : other;
    if (symmetric) transpose(old, m, n).forEach((value, i) => old[i] += value);
    const out = linear.forward(a, b, new Float64Array(n), m, k, n).map((value, i) =>
      (alpha ?? 1) * value + beta * old[i] + (product.bias ? bias[i % n] : 0) +
      (i % (n + 1) === 0 && i < n * n ? diagonal ?? 0 : 0)
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
  const [a, b, old, out, activated] = [storedA, storedB, storedOut, storedOut, storedOut]
    .map((values) => upload(gpu, [values.length], values));
  const hidden = randomValues(random, storedOut.length, 3);
  const hiddenTensor = upload(gpu, [hidden.length], hidden);
  const biasTensor = upload(gpu, [n], bias);
  const [values, activatedValues] = await run(
    gpu,
    (plan) => {
      plan.copy(old, out);
      matmul(gpu, plan, {
        ...{ a: a.from(aMargins[0]), b, out: out.from(outMargins[0]), m, n, k },
        ...{ aTransposed, bTransposed, alpha, beta, diagonal, batch, variant, symmetric },
        ...{ bias: product.bias ? biasTensor : undefined },
        ...{ activated: product.gelu ? activated.from(outMargins[0]) : undefined },
        ...{ geluOf: product.geluBackward ? hiddenTensor.from(outMargins[0]) : undefined },
        ...{ aStride: product.aMargins && aStride, outStride: product.outMargins && outStride },
      });
    },
    out,
    activated,
  );
  const isInside = (_: number, i: number) => {
    const column = i % outStride - outMargins[0];
    return column >= 0 && column < n;
  };
  const inside = values.filter(isInside);
  if (product.geluBackward) {
    const { dx } = gelu.backward(Float64Array.from(expected), hidden.filter(isInside));
    dx.forEach((value, i) => expected[i] = value);
  }
  if (product.gelu) {
    const activatedInside = activatedValues.filter(isInside);
    assertClose(activatedInside, gelu.forward(Float64Array.from(expected)), FORWARD, "GELU");
  }
  const outside = values.length - inside.length;
  assertEquals(values.filter(Number.isNaN).length, outside, "the margins stay as they are");
  assertClose(inside, expected, FORWARD, JSON.stringify(product));
  gpu.free(a, b, old, out, activated, biasTensor, hiddenTensor);
}

const EVERY_TRANSPOSE = [[false, false], [false, true], [true, false], [true, true]]
  .map(([aTransposed, bTransposed]) => ({ aTransposed, bTransposed }));

const SYMMETRIC = { symmetric: true, alpha: -0.25, beta: 0.5, diagonal: 1.5, batch: 2 };

const LIMITS = { maxComputeWorkgroupStorageSize: 32768, maxComputeInvocationsPerWorkgroup: 1024 };

/** Variants by name that are offered to adapters of a kind for whole vec4s, or single elements. */
function offered(kind: "software" | "GPU", vector: boolean): Map<string, MatmulVariant> {
  const adapter = { isSoftware: kind === "software", device: { limits: LIMITS } };
  const found = new Map<string, MatmulVariant>();
  for (const m of [1, 2, 4, 5000]) {
    const shape: MatmulShape = {
      ...{ m, n: 5000, k: 64, batch: 1, aTransposed: false, bTransposed: false, vector },
      symmetric: false,
    };
    for (const variant of candidates(adapter, shape)) found.set(variantName(variant), variant);
  }
  return found;
}

/** Every variant that can be chosen on any adapter. */
function variants(vector: boolean): MatmulVariant[] {
  return [...new Map([...offered("software", vector), ...offered("GPU", vector)]).values()];
}

for (const variant of variants(true)) {
  Deno.test(`matmul: ${variantName(variant)}, whole vec4s`, async () => {
    for (const transposes of EVERY_TRANSPOSE) {
      await check({ m: 4, n: 4, k: 4, ...transposes, variant });
      // Neither a multiple of 16 nor, in workgroups, one of them.
      await check({ m: 20, n: 36, k: 12, ...transposes, variant });
      await check({ m: 140, n: 76, k: 28, ...transposes, variant, bias: true });
    }
    await check({ m: 20, n: 36, k: 12, variant, diagonal: -2 });
  });
}

Deno.test("matmul: every variant gives the same bits", async () => {
  const [m, n, k] = [20, 36, 64];
  const [a, b] = [m * k, k * n].map((size) => upload(gpu, [size], randomValues(random, size)));
  const results: Float32Array[] = [];
  for (const variant of variants(true).filter(({ tile }) => tile[0] >= 4)) {
    const out = gpu.tensor("out", [m, n]);
    const shape = { m, n, k, variant };
    await onItsKind(variant, async () => {
      results.push(...await run(gpu, (plan) => matmul(gpu, plan, { a, b, out, ...shape }), out));
    });
  }
  for (const result of results) assertEquals(result, results[0]);
});

for (const vector of [true, false]) {
  for (const variant of variants(vector).filter(({ tile }) => tile[0] >= 4)) {
    const shapes = vector ? [[4, 4], [140, 12], [292, 28]] : [[4, 3], [5, 3], [77, 29]];
    Deno.test(`matmul: ${variantName(variant)}, symmetric ${vector ? "vec4s" : "elements"}`, async () => {
      for (const bTransposed of [false, true]) {
        for (const [m, k] of shapes) {
          await check({ m, n: m, k, bTransposed, ...SYMMETRIC, variant });
        }
      }
    });

    Deno.test(`matmul: ${variantName(variant)}, ${vector}: half a product has the bits of a whole one`, async () => {
      const [m, k] = shapes[2];
      const a = upload(gpu, [m, k], randomValues(random, m * k));
      const halves: Float32Array[] = [];
      for (const symmetric of [false, true]) {
        const out = gpu.tensor("out", [m, m]);
        const shape = { m, n: m, k, bTransposed: true, variant, symmetric };
        halves.push(
          ...await run(gpu, (plan) => matmul(gpu, plan, { a, b: a, out, ...shape }), out),
        );
        gpu.free(out);
      }
      assertEquals(halves[1], halves[0]);
      gpu.free(a);
    });
  }
}

Deno.test("matmul: symmetric products of few rows", async () => {
  await onBothKinds(gpu, async () => {
    for (const m of [1, 2, 3, 4, 5]) await check({ m, n: m, k: 8, ...SYMMETRIC });
  });
});

for (const variant of variants(false)) {
  Deno.test(`matmul: ${variantName(variant)}, element by element`, async () => {
    for (const transposes of EVERY_TRANSPOSE) {
      for (const [m, n, k] of [[1, 1, 1], [2, 3, 1], [5, 6, 3], [37, 41, 29], [8, 8, 6]]) {
        await check({ m, n, k, ...transposes, variant, diagonal: 2 });
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

Deno.test("matmul: GELU and its derivative, on adapters of both kinds", async () => {
  await onBothKinds(gpu, async () => {
    for (const [m, n, k] of [[1, 12, 8], [20, 36, 12], [7, 5, 3]]) {
      await check({ m, n, k, bias: true, gelu: true });
      await check({ m, n, k, bTransposed: true, geluBackward: true });
    }
    await check({ m: 20, n: 36, k: 12, outMargins: [64, 4], gelu: true });
    await check({ m: 20, n: 36, k: 12, outMargins: [64, 4], geluBackward: true });
  });
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
