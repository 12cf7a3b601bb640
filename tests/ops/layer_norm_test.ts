import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { columnSumsScratch } from "../../src/ops/column_sums.ts";
import { layerNorm, layerNormBackward } from "../../src/ops/layer_norm.ts";
import { Random } from "../../src/random.ts";
import * as reference from "../reference/ops/layer_norm.ts";
import {
  assertClose,
  BACKWARD,
  FORWARD,
  onBothKinds,
  openTestGpu,
  randomValues,
  run,
  unwritten,
  upload,
} from "./helpers.ts";

const gpu = await openTestGpu();
const random = new Random(5);

/** Runs the kernels on x (rows, columns) and the reference on the same numbers. */
async function forwardAndBackward(
  x: Float64Array,
  rows: number,
  columns: number,
  trained: "gain and bias" | "gain" | "neither" = "gain and bias",
) {
  const gain = randomValues(random, columns).map((value) => Math.fround(1 + value / 4));
  const bias = randomValues(random, columns);
  const dy = randomValues(random, rows * columns);
  // What the gradients are added to.
  const old = { dx: x.map(() => 0), dgain: randomValues(random, columns), dbias: bias };

  const tensors = {
    x: upload(gpu, [rows, columns], x),
    gain: upload(gpu, [columns], gain),
    bias: upload(gpu, [columns], bias),
    y: unwritten(gpu, rows, columns),
    statistics: unwritten(gpu, rows, 2),
    dy: upload(gpu, [rows, columns], dy),
    dx: unwritten(gpu, rows, columns),
    scratch: unwritten(gpu, columnSumsScratch(rows, columns)),
  };
  const dgain = unwritten(gpu, columns);
  const dbias = unwritten(gpu, columns);
  const before = Object.values(old).map((values) => upload(gpu, [values.length], values));
  const [y, ...gradients] = await run(
    gpu,
    (plan) => {
      [tensors.dx, dgain, dbias].forEach((tensor, i) => plan.copy(before[i], tensor));
      layerNorm(gpu, plan, tensors);
      layerNormBackward(gpu, plan, {
        ...tensors,
        dgain: trained === "neither" ? undefined : dgain,
        dbias: trained === "gain and bias" ? dbias : undefined,
      });
    },
    ...[tensors.y, tensors.dx, dgain, dbias],
  );
  const expected = reference.backward(dy, x, gain, rows, columns);
  const add = (a: Float64Array, b: Float64Array) => a.map((value, i) => value + b[i]);
  return {
    y,
    dx: gradients[0],
    dgain: gradients[1],
    dbias: gradients[2],
    bias,
    old,
    expected: {
      y: reference.forward(x, gain, bias, rows, columns),
      dx: expected.dx,
      dgain: add(expected.dgain, old.dgain),
      dbias: add(expected.dbias, old.dbias),
    },
  };
}

for (const [rows, columns] of [[1, 6], [5, 7], [3, 128], [70, 20], [130, 300], [1, 1024]]) {
  Deno.test(`layer norm: ${rows} x ${columns}`, async () => {
    await onBothKinds(gpu, async () => {
      const x = randomValues(random, rows * columns).map((value) => Math.fround(value + 0.5));
      const { expected, ...actual } = await forwardAndBackward(x, rows, columns);
      assertClose(actual.y, expected.y, FORWARD, "y");
      for (const name of ["dx", "dgain", "dbias"] as const) {
        assertClose(actual[name], expected[name], BACKWARD, name);
      }
    });
  });
}

Deno.test("layer norm: without a trained bias, or gain", async () => {
  const [rows, columns] = [66, 10];
  const x = randomValues(random, rows * columns);
  for (const trained of ["gain", "neither"] as const) {
    const { expected, old, ...actual } = await forwardAndBackward(x, rows, columns, trained);
    assertClose(actual.dx, expected.dx, BACKWARD);
    const dgain = trained === "gain" ? expected.dgain : old.dgain;
    assertClose(actual.dgain, dgain, BACKWARD, "dgain");
    assertEquals(actual.dbias, Float32Array.from(old.dbias), "dbias stays as it is");
  }
});

Deno.test("layer norm: the gradient of x is added to what is there", async () => {
  const x = upload(gpu, [1, 3], [1, 2, 4]);
  const gain = upload(gpu, [3], [1, 1, 1]);
  const statistics = upload(gpu, [1, 2], [0, 1]);
  const dy = upload(gpu, [1, 3], [0, 0, 0]);
  const dx = upload(gpu, [1, 3], [5, 6, 7]);
  const scratch = unwritten(gpu, columnSumsScratch(1, 3));
  const op = { x, gain, statistics, dy, dx, scratch };
  const [result] = await run(gpu, (plan) => layerNormBackward(gpu, plan, op), dx);
  assertEquals(result, Float32Array.of(5, 6, 7));
});

Deno.test("layer norm: rows of very different magnitude", async () => {
  const columns = 50;
  const scales = [1e-6, 1e-3, 1, 1e3, 1e6, 1e12];
  const rows = scales.length;
  const x = randomValues(random, rows * columns).map((value, i) =>
    Math.fround(value * scales[Math.floor(i / columns)])
  );
  const { y, dx, expected } = await forwardAndBackward(x, rows, columns);
  scales.forEach((scale, row) => {
    const part = (values: ArrayLike<number>) =>
      Array.from(values).slice(row * columns, (row + 1) * columns);
    assertClose(part(y), part(expected.y), FORWARD, `y at ${scale}`);
    assertClose(part(dx), part(expected.dx), BACKWARD, `dx at ${scale}`);
  });
});

Deno.test("layer norm: a constant row is all bias, and its gradient is finite", async () => {
  const columns = 20;
  const x = new Float64Array(columns).fill(3);
  const { y, dx, bias, expected } = await forwardAndBackward(x, 1, columns);
  y.forEach((value, i) => assertAlmostEquals(value, bias[i], 1e-3));
  assert(dx.every(Number.isFinite));
  assertClose(dx, expected.dx, 1e-2);
});
