import { assertEquals } from "@std/assert";
import { transpose } from "./transpose.ts";

Deno.test("transpose: rows become columns", () => {
  assertEquals(
    transpose(Float64Array.of(1, 2, 3, 4, 5, 6), 2, 3),
    Float64Array.of(1, 4, 2, 5, 3, 6),
  );
});
