import { assertAlmostEquals, assertEquals } from "@std/assert";
import { Random } from "../../../src/random.ts";
import { randomArray, randomIntegers } from "../random.ts";
import { assertIsGradient } from "./check_backward.ts";
import * as crossEntropy from "./cross_entropy.ts";

Deno.test("cross-entropy: hand-computed losses, however large the logits", () => {
  const logits = Float64Array.of(Math.log(3), 0, 1000, 1000, 0, 2000);
  const { loss, losses } = crossEntropy.forward(logits, [0, 1, 0], 3, 2);
  const expected = [Math.log(4 / 3), Math.log(2), 2000];
  expected.forEach((value, n) => assertAlmostEquals(losses[n], value, 1e-12));
  assertAlmostEquals(loss, (expected[0] + expected[1] + expected[2]) / 3, 1e-12);
});

Deno.test("cross-entropy: backward is the derivative of the mean loss", () => {
  const [N, V] = [5, 11];
  const random = new Random(5);
  const logits = randomArray(random, N * V, 2);
  const targets = randomIntegers(random, N, V);
  const f = () => crossEntropy.forward(logits, targets, N, V).loss;
  assertIsGradient(crossEntropy.backward(logits, targets, N, V).dlogits, f, logits);
});

Deno.test("cross-entropy: a certain and right prediction has no gradient", () => {
  const { dlogits } = crossEntropy.backward(Float64Array.of(0, 2000, 0), [1], 1, 3);
  assertEquals(dlogits, Float64Array.of(0, 0, 0));
});
