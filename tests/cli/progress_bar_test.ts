import { assertEquals } from "@std/assert";
import { formatSeconds, progressLine } from "../../src/cli/progress_bar.ts";

const PARTS = ["100/400", "loss 4.123", "val 4.235", "12m 3s left", "12,345 tok/s", "lr 0.012"];

Deno.test("a wide line has every part", () => {
  assertEquals(
    progressLine(0.25, ["100/400", "", "loss 4.123"], 80),
    "████████" + "░".repeat(22) + "  100/400  loss 4.123",
  );
  assertEquals(progressLine(0, PARTS, 79), "░".repeat(10) + "  " + PARTS.join("  "));
});

Deno.test("a narrow line drops parts from the end, and is never too long", () => {
  assertEquals(progressLine(1, PARTS, 57), "█".repeat(12) + "  " + PARTS.slice(0, 4).join("  "));
  for (let columns = 0; columns < 120; columns++) {
    assertEquals(progressLine(0.5, PARTS, columns).length <= columns, true);
  }
});

Deno.test("the time left is rounded to its two largest units", () => {
  const times: [number, string][] = [[0, "0s"], [0.4, "0s"], [59.7, "1m"], [61, "1m 1s"]];
  times.push([3 * 3600 + 5 * 60 + 7, "3h 5m"], [26 * 3600 + 60, "1d 2h"]);
  for (const [seconds, text] of times) assertEquals(formatSeconds(seconds), text);
});
