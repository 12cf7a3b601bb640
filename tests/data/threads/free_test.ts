import { assertEquals } from "@std/assert";
import { free } from "../../../src/data/threads/free.ts";

Deno.test("free gives the memory of an array back, and that of others on the same buffer", () => {
  const array = new Uint16Array(1000).fill(7);
  const part = array.subarray(10, 20);
  free(part);
  assertEquals([array.length, part.length, array.buffer.detached], [0, 0, true]);
});
