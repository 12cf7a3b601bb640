import { assert, assertEquals, assertThrows } from "@std/assert";
import { rowSlices } from "../../src/gpu/tensor.ts";
import { openTestGpu } from "../ops/helpers.ts";

const gpu = await openTestGpu();

Deno.test("tensor: size, and room for padding", () => {
  const tensor = gpu.tensor("test", [3, 5]);
  assertEquals(tensor.size, 15);
  assertEquals(tensor.byteLength, 64); // whole vec4s
  assertEquals(gpu.tensor("test", [3, 5], "f32", 40).byteLength, 160);
  assertEquals(gpu.tensor("test", []).size, 1);
});

Deno.test("tensor: rows and columns over the same memory", async () => {
  const tensor = gpu.tensorFrom("test", [4, 3], Float32Array.from({ length: 12 }, (_, i) => i));
  const rows = tensor.rows(1, 2);
  assertEquals([rows.shape, rows.byteOffset, rows.byteLength], [[2, 3], 12, 24]);
  assertEquals(await gpu.read(rows), Float32Array.of(3, 4, 5, 6, 7, 8));
  assertEquals(await gpu.read(rows.rows(1, 1)), Float32Array.of(6, 7, 8));
  assertEquals(await gpu.read(tensor.from(10)), Float32Array.of(10, 11));
  assertEquals(await gpu.read(rows.from(4)), Float32Array.of(7, 8));
  gpu.write(rows, Float32Array.of(-1, -2), 1);
  assertEquals(await gpu.read(tensor.rows(1, 1)), Float32Array.of(3, -1, -2));
});

Deno.test("tensor: another shape over the same memory", async () => {
  const tensor = gpu.tensorFrom("test", [4, 3], Float32Array.from({ length: 12 }, (_, i) => i));
  const matrix = tensor.rows(1, 2).as([3, 2]);
  assertEquals([matrix.shape, matrix.byteOffset, matrix.byteLength], [[3, 2], 12, 24]);
  assertEquals(await gpu.read(matrix.rows(2, 1)), Float32Array.of(7, 8));
  assertEquals(await gpu.read(matrix.as([1])), Float32Array.of(3));
  const { message } = assertThrows(() => matrix.as([7]), RangeError);
  assertEquals(message, "test has no room for (7)");
});

Deno.test("row slices: one where all rows fit", () => {
  assertEquals(rowSlices(10, 6, 240), [{ start: 0, count: 10 }]);
});

Deno.test("row slices: they cover all rows in order, fit, and start where a binding may", () => {
  for (const [rows, columns, maxBytes] of [[65, 6, 1536], [1000, 3, 800], [50_257, 768, 2 ** 27]]) {
    let next = 0;
    for (const { start, count } of rowSlices(rows, columns, maxBytes)) {
      assertEquals(start, next);
      assert(count > 0 && count * columns * 4 <= maxBytes);
      assertEquals(start * columns * 4 % 256, 0);
      next = start + count;
    }
    assertEquals(next, rows);
  }
  assertEquals(rowSlices(50_257, 768, 2 ** 27).length, 2);
});

Deno.test("row slices: too small a binding is an error", () => {
  assertThrows(() => rowSlices(100, 6, 1535), RangeError, "64 rows of 6 exceed 1535 bytes");
});
