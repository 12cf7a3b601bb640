import { assertAlmostEquals } from "@std/assert";
import { Random } from "../../../src/random.ts";
import { randomArray } from "../random.ts";
import { assertIsGradient, dot } from "./check_backward.ts";
import * as layerNorm from "./layer_norm.ts";

Deno.test("layer norm: rows get mean 0 and variance 1, up to epsilon", () => {
  // Mean 2 and variance 1 (of n, not of n - 1).
  const y = layerNorm.forward(
    Float64Array.of(1, 3),
    Float64Array.of(1, 2),
    Float64Array.of(0, 5),
    1,
    2,
  );
  assertAlmostEquals(y[0], -1 / Math.sqrt(1 + 1e-5), 1e-15);
  assertAlmostEquals(y[1], 2 / Math.sqrt(1 + 1e-5) + 5, 1e-14);
});

Deno.test("layer norm: backward is the derivative of forward", () => {
  const [N, C] = [4, 7];
  const random = new Random(2);
  const x = randomArray(random, N * C);
  const gain = randomArray(random, C);
  const bias = randomArray(random, C);
  const dy = randomArray(random, N * C);
  const f = () => dot(dy, layerNorm.forward(x, gain, bias, N, C));

  const { dx, dgain, dbias } = layerNorm.backward(dy, x, gain, N, C);
  assertIsGradient(dx, f, x);
  assertIsGradient(dgain, f, gain);
  assertIsGradient(dbias, f, bias);
});

Deno.test("layer norm: a constant row is all bias, and its gradient is finite", () => {
  const x = Float64Array.of(3, 3, 3);
  const gain = Float64Array.of(1, 2, 3);
  const bias = Float64Array.of(4, 5, 6);
  const dy = Float64Array.of(1, -2, 0.5);
  const y = layerNorm.forward(x, gain, bias, 1, 3);
  for (let c = 0; c < 3; c++) assertAlmostEquals(y[c], bias[c], 1e-12);
  // dx = (dx̂ - mean(dx̂)) / √epsilon with dx̂ = (1, -4, 1.5), whose mean is -0.5.
  const { dx } = layerNorm.backward(dy, x, gain, 1, 3);
  [1.5, -3.5, 2].forEach((d, c) => assertAlmostEquals(dx[c], d / Math.sqrt(1e-5), 1e-9));
});
