import { assertEquals } from "@std/assert";
import { slidingWindows } from "../../src/data/sliding_windows.ts";

/** The windows of the ids 1 to `count`, which come in chunks of 3. */
async function windowsOf(count: number, context: number, stride: number) {
  const chunks = async function* () {
    for (let at = 1; at <= count; at += 3) {
      yield Array.from({ length: Math.min(3, count + 1 - at) }, (_, i) => at + i);
    }
  };
  const windows = [];
  for await (const { ids, first, end } of slidingWindows(chunks(), context, stride)) {
    windows.push({ ids: [...ids], first, end });
  }
  return windows;
}

Deno.test("sliding windows: whole windows, then what is left", async () => {
  assertEquals(await windowsOf(10, 4, 4), [
    { ids: [1, 2, 3, 4, 5], first: 0, end: 4 },
    { ids: [5, 6, 7, 8, 9], first: 0, end: 4 },
    { ids: [9, 10, 0, 0, 0], first: 0, end: 1 },
  ]);
  assertEquals(await windowsOf(9, 4, 2), [
    { ids: [1, 2, 3, 4, 5], first: 0, end: 4 },
    { ids: [3, 4, 5, 6, 7], first: 2, end: 4 },
    { ids: [5, 6, 7, 8, 9], first: 2, end: 4 },
  ]);
  assertEquals(await windowsOf(8, 4, 3), [
    { ids: [1, 2, 3, 4, 5], first: 0, end: 4 },
    { ids: [4, 5, 6, 7, 8], first: 1, end: 4 },
  ]);
});

Deno.test("sliding windows: each id but the first counts once, with enough before it", async () => {
  for (const context of [1, 2, 5]) {
    for (let stride = 1; stride <= context; stride++) {
      for (let count = 0; count <= 17; count++) {
        const counted: number[] = [];
        for (const { ids, first, end } of await windowsOf(count, context, stride)) {
          for (let target = first; target < end; target++) {
            const id = ids[target + 1];
            counted.push(id);
            const before = Math.min(id - 1, context - stride + 1);
            assertEquals(
              ids.slice(0, target + 1).filter((other) => other < id).length >= before,
              true,
            );
          }
        }
        const expected = Array.from({ length: Math.max(0, count - 1) }, (_, i) => i + 2);
        assertEquals(counted, expected, `context ${context}, stride ${stride}`);
      }
    }
  }
});
