import { assertAlmostEquals, assertEquals } from "@std/assert";
import { gelu } from "../../src/ops/gelu.ts";
import { matmul } from "../../src/ops/matmul/matmul.ts";
import { Random } from "../../src/random.ts";
import * as reference from "../reference/ops/gelu.ts";
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
const random = new Random(2);

/** GELU, and its derivative as a product with the identity takes it. */
async function forwardAndBackward(x: Float64Array, dy: Float64Array): Promise<Float32Array[]> {
  const input = upload(gpu, [x.length], x);
  const y = unwritten(gpu, x.length);
  const upstream = upload(gpu, [x.length], dy);
  const one = upload(gpu, [1], [1]);
  const gradient = unwritten(gpu, x.length);
  return await run(
    gpu,
    (plan) => {
      gelu(gpu, plan, input, y);
      const shape = { m: x.length, n: 1, k: 1 };
      matmul(gpu, plan, { ...shape, a: upstream, b: one, out: gradient, geluOf: input });
    },
    y,
    gradient,
  );
}

for (const size of [1, 7, 64, 1000]) {
  Deno.test(`gelu: ${size} numbers`, async () => {
    const x = randomValues(random, size, 2);
    const dy = randomValues(random, size);
    await onBothKinds(gpu, async () => {
      const [y, dx] = await forwardAndBackward(x, dy);
      assertClose(y, reference.forward(x), FORWARD);
      assertClose(dx, reference.backward(dy, x).dx, BACKWARD);
    });
  });
}

Deno.test("gelu: tiny, large and huge numbers", async () => {
  const x = Float64Array.of(0, -0, 1e-30, 1e-4, -1e-4, 5, -5, 20, -20, 1e4, -1e4).map(Math.fround);
  const dy = new Float64Array(x.length).fill(1);
  const [y, dx] = await forwardAndBackward(x, dy);
  const dxExpected = reference.backward(dy, x).dx;
  // One by one, so that no large number hides a small one.
  reference.forward(x).forEach((value, i) => {
    assertAlmostEquals(y[i], value, 1e-5 * Math.abs(value) + 1e-11, `y(${x[i]})`);
    assertAlmostEquals(dx[i], dxExpected[i], 1e-5 * Math.abs(dxExpected[i]) + 1e-11, `dx(${x[i]})`);
  });
});

Deno.test("gelu: more numbers than one axis of workgroups holds", async () => {
  const size = 65_535 * 64 + 1000;
  const x = Float64Array.from({ length: size }, (_, i) => i % 7 - 3);
  const period = reference.forward(x.subarray(0, 7));
  const output = unwritten(gpu, size);
  const input = upload(gpu, [size], x);
  const [y] = await run(gpu, (plan) => gelu(gpu, plan, input, output), output);
  const wrong = y.findIndex((value, i) => !(Math.abs(value - period[i % 7]) < 1e-5));
  assertEquals(wrong, -1);
});
