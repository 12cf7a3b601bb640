import { assertEquals, assertNotEquals } from "@std/assert";
import { permutation } from "../../src/data/order.ts";

Deno.test("permutation orders each number once, as the key says", () => {
  for (const n of [0, 1, 2, 10, 1000]) {
    const order = permutation(n, 7, 3);
    assertEquals(order.toSorted(), Uint32Array.from({ length: n }, (_, i) => i));
    assertEquals(permutation(n, 7, 3), order);
  }
  for (const key of [[7], [7, 4], [8, 3], [73], [7, 3, 0]]) {
    assertNotEquals(permutation(100, ...key), permutation(100, 7, 3));
  }
});

Deno.test("each number comes to each place equally often", () => {
  const counts = new Uint32Array(16);
  const draws = 8000;
  for (let key = 0; key < draws; key++) {
    permutation(4, key).forEach((n, at) => counts[4 * n + at]++);
  }
  for (const count of counts) {
    const deviation = Math.sqrt(draws * 3 / 16);
    assertEquals(Math.abs(count - draws / 4) < 5 * deviation, true, `${counts}`);
  }
});
