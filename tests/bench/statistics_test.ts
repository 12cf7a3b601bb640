import { assertEquals, assertThrows } from "@std/assert";
import { median, sum } from "../../bench/statistics.ts";

Deno.test("median: the middle one, or the mean of two", () => {
  assertEquals(median([5]), 5);
  assertEquals(median([10, 9, 100]), 10); // as numbers, not as text
  assertEquals(median([4, 1, 3, 2]), 2.5);
  const values = [3, 1, 2];
  median(values);
  assertEquals(values, [3, 1, 2]);
  assertThrows(() => median([]), RangeError);
});

Deno.test("sum", () => {
  assertEquals(sum([]), 0);
  assertEquals(sum([1, 2, 3.5]), 6.5);
});
