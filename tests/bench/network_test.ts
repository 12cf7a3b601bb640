import { assertAlmostEquals, assertEquals, assertStringIncludes } from "@std/assert";
import { bytesOfSum, networkTable, projectedSpeedup, speedupTable } from "../../bench/network.ts";

Deno.test("network: of two processes each sends all, of many nearly twice as much", () => {
  assertEquals(bytesOfSum(1000, 1), 0);
  assertEquals(bytesOfSum(1000, 2), 4000);
  assertEquals(bytesOfSum(1000, 4), 6000);
});

Deno.test("network: hosts are as fast as many where sums are hidden, or cost nothing", () => {
  // A step of one host takes 6 million s, and its last backward pass 400,000.
  const alone = { parameters: 1e6, embeddings: 0, hosts: 1, bandwidth: 1, speed: 1e3 };
  const step = { ...alone, tokens: 1000, microBatch: 100 };
  assertEquals(projectedSpeedup(step), 1);
  const two = { ...step, hosts: 2, bandwidth: 10 }; // sums of 400,000 s
  assertEquals(projectedSpeedup(two), 2);
  assertAlmostEquals(projectedSpeedup({ ...two, bandwidth: 5 }), 6 / (3 + 0.4));
  assertAlmostEquals(projectedSpeedup({ ...two, embeddings: 5e5 }), 6 / (3 + 0.2));
});

Deno.test("network: the page's tables are what the command prints", async () => {
  const page = await Deno.readTextFile(new URL("../../docs/many.md", import.meta.url));
  assertStringIncludes(page, networkTable());
  assertStringIncludes(page, speedupTable());
});
