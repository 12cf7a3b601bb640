import { assertEquals } from "@std/assert";
import { LogIndex } from "../../src/dashboard/log_index.ts";

Deno.test("the bytes that hold a part of a log are known about as finely as to a mebibyte", () => {
  const index = new LogIndex();
  const around = (x: "step" | "seconds", from: number, to: number) => index.around({ x, from, to });
  assertEquals(around("step", 1, 2), { from: 0, to: Infinity, skipped: 0 });
  for (let step = 1; step <= 100; step++) {
    const place = [step, step, step < 50 ? null : step] as const;
    index.add({ offset: step << 18, place, skipped: 2 * step });
  }
  assertEquals(around("step", 10, 20), { from: 9 << 18, to: 21 << 18, skipped: 18 });
  assertEquals(around("step", 0, 0.5), { from: 0, to: 1 << 18, skipped: 0 });
  assertEquals(around("step", 98, 1e9), { from: 97 << 18, to: Infinity, skipped: 194 });
  assertEquals(around("seconds", 40, 60), { from: 0, to: 61 << 18, skipped: 0 });
  index.clear();
  assertEquals(around("step", 10, 20), { from: 0, to: Infinity, skipped: 0 });
});
