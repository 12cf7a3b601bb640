import { assertEquals, assertStringIncludes } from "@std/assert";
import { bytesOfSum, networkTable } from "../../bench/network.ts";

Deno.test("network: of two processes each sends all, of many nearly twice as much", () => {
  assertEquals(bytesOfSum(1000, 1), 0);
  assertEquals(bytesOfSum(1000, 2), 4000);
  assertEquals(bytesOfSum(1000, 4), 6000);
});

Deno.test("network: the page's table is what the command prints", async () => {
  const page = await Deno.readTextFile(new URL("../../docs/many.md", import.meta.url));
  assertStringIncludes(page, networkTable());
});
