import { assertAlmostEquals } from "@std/assert";
import { Random } from "../../../src/random.ts";
import { randomArray } from "../random.ts";
import { assertIsGradient, dot } from "./check_backward.ts";
import * as gelu from "./gelu.ts";

Deno.test("gelu: known values", () => {
  const y = gelu.forward(Float64Array.of(0, 1, -1, 30, -30));
  // The exact unit, x Φ(x), has 0.841345 and -0.158655 here; the approximation is 1.5e-4 off.
  [0, 0.841192, -0.158808, 30, 0].forEach((value, i) => assertAlmostEquals(y[i], value, 1e-6));
});

Deno.test("gelu: backward is the derivative of forward", () => {
  const random = new Random(3);
  const x = randomArray(random, 37, 2);
  const dy = randomArray(random, 37);
  assertIsGradient(gelu.backward(dy, x).dx, () => dot(dy, gelu.forward(x)), x);
});
