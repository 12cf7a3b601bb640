import { assertAlmostEquals, assertEquals } from "@std/assert";
import { distribution, threefry } from "./sampling.ts";

const LOGITS = [0.5, 2, -1, 1, 0];
const WEIGHTS = LOGITS.map(Math.exp);
const TOTAL = WEIGHTS.reduce((a, b) => a + b);

function assertDistribution(actual: Float64Array, expected: number[]) {
  expected.forEach((value, i) => assertAlmostEquals(actual[i], value, 1e-12));
}

Deno.test("sampling reference: softmax, temperature, top-k and top-p", () => {
  assertDistribution(distribution(LOGITS, {}), WEIGHTS.map((weight) => weight / TOTAL));
  assertDistribution(distribution(LOGITS, { temperature: 0 }), [0, 1, 0, 0, 0]);
  const [a, , , b] = WEIGHTS;
  const two = WEIGHTS[1] + b;
  assertDistribution(distribution(LOGITS, { topK: 2 }), [0, WEIGHTS[1] / two, 0, b / two, 0]);
  // 0.13, 0.57, 0.03, 0.21, 0.08
  assertDistribution(distribution(LOGITS, { topP: 0.6 }), [0, WEIGHTS[1] / two, 0, b / two, 0]);
  const three = two + a;
  const expected = [a / three, WEIGHTS[1] / three, 0, b / three, 0];
  assertDistribution(distribution(LOGITS, { topK: 3, topP: 0.9 }), expected);
  assertDistribution(distribution([1, 1, 1, 1], { topP: 0.5 }), [0.5, 0.5, 0, 0]);
});

// The known answers of Random123, Salmon's own code.
Deno.test("sampling reference: Threefry's known answers", () => {
  assertEquals(threefry([0, 0], [0, 0]), [0x6b200159, 0x99ba4efe]);
  const ones = 0xffffffff;
  assertEquals(threefry([ones, ones], [ones, ones]), [0x1cb996fc, 0xbb002be7]);
  const [key, counter] = [[0x13198a2e, 0x03707344], [0x243f6a88, 0x85a308d3]];
  assertEquals(threefry(key, counter), [0xc4923a9c, 0x483df7a0]);
});
