import { assertEquals } from "@std/assert";
import { Random } from "../../../src/random.ts";
import { randomArray } from "../random.ts";
import { assertIsGradient, dot } from "./check_backward.ts";
import * as linear from "./linear.ts";

Deno.test("linear: y = x W + b with W stored (fan-in, fan-out)", () => {
  const x = Float64Array.of(1, 2);
  const weight = Float64Array.of(1, 10, 100, 3, 30, 300);
  const bias = Float64Array.of(0.5, 0.25, 0.125);
  assertEquals(linear.forward(x, weight, bias, 1, 2, 3), Float64Array.of(7.5, 70.25, 700.125));
});

Deno.test("linear: backward is the derivative of forward", () => {
  const [N, fanIn, fanOut] = [5, 3, 7];
  const random = new Random(1);
  const x = randomArray(random, N * fanIn);
  const weight = randomArray(random, fanIn * fanOut);
  const bias = randomArray(random, fanOut);
  const dy = randomArray(random, N * fanOut);
  const f = () => dot(dy, linear.forward(x, weight, bias, N, fanIn, fanOut));

  const { dx, dweight, dbias } = linear.backward(dy, x, weight, N, fanIn, fanOut);
  assertIsGradient(dx, f, x);
  assertIsGradient(dweight, f, weight);
  assertIsGradient(dbias, f, bias);
});
