import { assertEquals, assertThrows } from "@std/assert";
import { checkComparable, compare } from "../../bench/compare.ts";
import { UserError } from "../../src/errors.ts";

Deno.test("compare: by name and first quantity; what only one side has is left out", () => {
  const before = [
    { name: "a", ms: 4, "GB/s": 1 },
    { name: "b", ms: 1 },
    { name: "c", "tokens/s": 1 },
    { name: "d", skipped: "too slow" },
    { name: "gone", ms: 1 },
  ];
  const now = [
    { name: "new", ms: 1 },
    { name: "d", ms: 1 },
    { name: "c", ms: 1 },
    { name: "b", skipped: "too slow" },
    { name: "a", ms: 3, "GB/s": 2 },
  ];
  assertEquals(compare(before, now), [
    { name: "a (ms)", before: 4, now: 3, "now / before": 0.75 },
  ]);
});

Deno.test("results of different adapters are not comparable", () => {
  const report = { adapter: "A", processors: 1, deno: "2", date: "2026-01-01", results: {} };
  checkComparable("old.json", report, "A");
  assertThrows(() => checkComparable("old.json", report, "B"), UserError, "old.json was measured");
});
