import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { relativeError } from "./compare.ts";

Deno.test("relative error: the 2-norm of the difference over that of what was expected", () => {
  assertAlmostEquals(relativeError([3, 4.5], [3, 4]), 0.1, 1e-15);
  assertEquals(relativeError(Float32Array.of(1, 2), [1, 2]), 0);
});

Deno.test("relative error: absolute where zero is expected", () => {
  assertEquals(relativeError([3, 4], [0, 0]), 5);
  assertEquals(relativeError([0, 0], [0, 0]), 0);
});

Deno.test("relative error: not a number is never close", () => {
  assertEquals(relativeError([NaN, 1], [1, 1]) < 1, false);
});

Deno.test("relative error: lengths must agree", () => {
  assertThrows(() => relativeError([1], [1, 2]), RangeError, "1 numbers compared with 2");
});
