import { assertEquals, assertRejects } from "@std/assert";
import { Snapshot } from "../../src/gpu/snapshot.ts";
import { openTestGpu } from "../ops/helpers.ts";

Deno.test("a snapshot keeps tensors as they were", async () => {
  const gpu = await openTestGpu();
  const first = gpu.tensorFrom("first", [2, 3], Float32Array.of(1, 2, 3, 4, 5, 6));
  const second = gpu.tensorFrom("second", [1], Float32Array.of(7));
  using snapshot = new Snapshot(gpu.queue, [first, second, first]);
  gpu.write(first, new Float32Array(6));
  assertEquals(await gpu.read(first), new Float32Array(6));
  assertEquals(await snapshot.read(first), Float32Array.of(1, 2, 3, 4, 5, 6));
  await assertRejects(() => snapshot.read(first), Error, "there is no copy of first");
  gpu.free(first, second); // also while a copy is still to be read
  assertEquals(await snapshot.read(second), Float32Array.of(7));
});
