import { assertAlmostEquals, assertEquals } from "@std/assert";
import { Random } from "../../../src/random.ts";
import { randomArray } from "../random.ts";
import * as attention from "./attention.ts";
import { assertIsGradient, dot } from "./check_backward.ts";

Deno.test("attention: hand-computed, one head of size 4", () => {
  // query[1] · key[0] = 2 ln 3 and query[1] · key[1] = 0; over √4 that is weights 3/4 and 1/4.
  const first = [0, 0, 0, 0, 2 * Math.log(3), 0, 0, 0, 1, 2, 3, 4];
  const second = [1, 0, 0, 0, 0, 0, 0, 0, 5, 6, 7, 8];
  const qkv = Float64Array.of(...first, ...second);
  const y = attention.forward(qkv, { B: 1, T: 2, C: 4, heads: 1 });
  [1, 2, 3, 4, 2, 3, 4, 5].forEach((value, i) => assertAlmostEquals(y[i], value, 1e-12));
});

Deno.test("attention: a head sees only its own columns, a sequence only its own tokens", () => {
  const sizes = { B: 2, T: 3, C: 4, heads: 2 };
  const qkv = randomArray(new Random(6), 2 * 3 * 12);
  const before = attention.forward(qkv, sizes);
  // Change the second head's query, key and value in the second sequence.
  for (let t = 3; t < 6; t++) {
    for (const column of [2, 3, 6, 7, 10, 11]) qkv[t * 12 + column] += 1 + t;
  }
  const after = attention.forward(qkv, sizes);
  for (let i = 0; i < before.length; i++) {
    const changed = i >= 3 * 4 && i % 4 >= 2;
    assertEquals(before[i] !== after[i], changed, `element ${i}`);
  }
});

Deno.test("attention: backward is the derivative of forward", () => {
  const sizes = { B: 2, T: 5, C: 9, heads: 3 };
  const random = new Random(7);
  const qkv = randomArray(random, 2 * 5 * 27);
  const dy = randomArray(random, 2 * 5 * 9);
  const f = () => dot(dy, attention.forward(qkv, sizes));
  assertIsGradient(attention.backward(dy, qkv, sizes).dqkv, f, qkv);
});
