import { assertEquals } from "@std/assert";
import { canAllocate } from "../../src/train/refusals.ts";
import { openTestGpu } from "../ops/helpers.ts";

const gpu = await openTestGpu();

Deno.test("canAllocate: a little, but not more than any machine has", async () => {
  assertEquals(await canAllocate(gpu, 1000), true);
  assertEquals(await canAllocate(gpu, 2 ** 60), false);
});
