/** Every kernel that takes tensors of 16 bits, against itself on the same numbers in 32. */
import { Plan } from "../../src/gpu/plan.ts";
import type { Tensor, TensorType } from "../../src/gpu/tensor.ts";
import { attention, attentionBackward } from "../../src/ops/attention/attention.ts";
import { castToHalf } from "../../src/ops/cast.ts";
import { columnSums, columnSumsScratch } from "../../src/ops/column_sums.ts";
import { embedding } from "../../src/ops/embedding.ts";
import { gelu } from "../../src/ops/gelu.ts";
import { layerNorm, layerNormBackward } from "../../src/ops/layer_norm.ts";
import { matmul } from "../../src/ops/matmul/matmul.ts";
import { Random } from "../../src/random.ts";
import { assertClose, onBothKinds, openTestGpu, randomValues } from "./helpers.ts";

const gpu = await openTestGpu();

/** Results are rounded to 11 bits, once or a few times. */
const TOLERANCE = 2e-3;

/** Makes the tensors of an operation: `half` ones of the type that is tried, others of 32 bits. */
interface Make {
  half(...shape: number[]): Tensor;
  single(...shape: number[]): Tensor;
}

/** Runs an operation in both types; what it returns is compared. */
async function check(operation: (plan: Plan, make: Make) => Tensor[]): Promise<void> {
  const results: Float32Array[][] = [];
  for (const type of ["f16", "f32"] as const) {
    const random = new Random(1);
    const make = (type: TensorType) => (...shape: number[]) => {
      const values = randomValues(random, shape.reduce((a, b) => a * b)).map(Math.f16round);
      return gpu.tensorFrom("test", shape, Float32Array.from(values), type);
    };
    const plan = new Plan(gpu);
    const outputs = operation(plan, { half: make(type), single: make("f32") });
    plan.run();
    results.push(await Promise.all(outputs.map((output) => gpu.read(output))));
  }
  results[0].forEach((values, i) => assertClose(values, results[1][i], TOLERANCE, `output ${i}`));
}

for (const [m, n, k] of [[20, 36, 12], [7, 5, 3]]) {
  Deno.test(`f16: matrix products of ${m} x ${n} x ${k}`, async () => {
    await onBothKinds(gpu, async () => {
      await check((plan, { half, single }) => {
        const [out, activated] = [half(m, n), half(m, n)];
        const product = { a: half(m, k), b: half(k, n), bias: single(n), m, n, k };
        matmul(gpu, plan, { ...product, out, activated });
        return [out, activated];
      });
      await check((plan, { half, single }) => {
        const out = single(m, n);
        matmul(gpu, plan, { a: half(k, m), aTransposed: true, b: single(k, n), out, m, n, k });
        return [out];
      });
      await check((plan, { half, single }) => {
        const [out, geluOf] = [half(m, n), half(m, n)];
        matmul(gpu, plan, {
          a: single(m, k),
          b: half(n, k),
          bTransposed: true,
          out,
          geluOf,
          m,
          n,
          k,
        });
        return [out];
      });
    });
  });
}

for (const width of [12, 10]) {
  const shape = { batch: 2, length: 9, heads: 2, width };
  Deno.test(`f16: attention of width ${width}`, async () => {
    await check((plan, { half, single }) => {
      const [qkv, y, logSums] = [half(2, 9, 3 * width), half(2, 9, width), single(2, 2, 9)];
      const start = gpu.tensor("start", [1], "u32");
      attention(gpu, plan, { ...shape, qkv, y, logSums, start });
      const [dy, dqkv] = [half(2, 9, width), half(2, 9, 3 * width)];
      const deltas = single(2, 2, 9);
      attentionBackward(gpu, plan, { ...shape, qkv, y, dy, logSums, deltas, dqkv });
      return [y, logSums, dqkv];
    });
  });

  Deno.test(`f16: layer norm, column sums, GELU and embedding of width ${width}`, async () => {
    await check((plan, { half, single }) => {
      const [x, gain, bias, statistics] = [
        single(7, width),
        single(width),
        single(width),
        single(7, 2),
      ];
      const [y, dy, activated] = [half(7, width), half(7, width), half(7, width)];
      layerNorm(gpu, plan, { x, gain, bias, y, statistics });
      gelu(gpu, plan, y, activated);
      const sums = single(width);
      plan.clear(sums);
      const scratch = gpu.tensor("scratch", [columnSumsScratch(7, width)]);
      columnSums(gpu, plan, dy, sums, scratch);
      const [dx, dgain, dbias] = [single(7, width), single(width), single(width)];
      for (const gradient of [dx, dgain, dbias]) plan.clear(gradient);
      layerNormBackward(gpu, plan, { x, gain, statistics, dy, dx, dgain, dbias, scratch });
      const embedded = single(4, width);
      const tokens = gpu.tensorFrom("tokens", [4], Uint32Array.of(2, 0, 1, 2));
      const start = gpu.tensor("start", [1], "u32");
      const tables = { wte: half(3, width), wpe: single(2, width) };
      embedding(gpu, plan, { tokens, ...tables, start, x: embedded, length: 2 });
      return [y, activated, sums, dx, dgain, dbias, embedded];
    });
  });
}

Deno.test("f16: rounding", async () => {
  await check((plan, { half, single }) => {
    const rounded = half(5, 6);
    castToHalf(gpu, plan, single(5, 6), rounded);
    return [rounded];
  });
});
