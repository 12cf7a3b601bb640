import { assertEquals } from "@std/assert";
import { columnBlock, subtractFromColumnBlock } from "./column_block.ts";

Deno.test("column block: of a matrix and of a vector", () => {
  const matrix = Float64Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
  assertEquals(columnBlock(matrix, 2, 3, 1), Float64Array.of(3, 4, 9, 10));
  assertEquals(columnBlock(matrix, 2, 1, 0), matrix);
  assertEquals(columnBlock(matrix, 1, 3, 2), Float64Array.of(9, 10, 11, 12));
});

Deno.test("column block: subtracting leaves the other blocks alone", () => {
  const matrix = Float64Array.of(1, 2, 3, 4, 5, 6);
  subtractFromColumnBlock(matrix, 2, 3, 2, 10, Float64Array.of(0.1, 0.2));
  assertEquals(matrix, Float64Array.of(1, 2, 2, 4, 5, 4));
});
