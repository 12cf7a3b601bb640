import { assertAlmostEquals, assertEquals } from "@std/assert";
import { Stopwatch } from "../../bench/stopwatch.ts";
import { measureTick, tickLength } from "../../bench/timestamps.ts";
import { hasTimestamps } from "../../src/gpu/profile.ts";
import { openTestGpu } from "../ops/helpers.ts";

/** Jobs of 100 ms on a GPU whose ticks have a length, which take the host longer by some of them. */
function timings(nanoseconds: number, waits: readonly number[]) {
  const job = 1e8;
  return waits.map((wait) => ({ nanoseconds: job * (1 + wait), ticks: job / nanoseconds }));
}

Deno.test("a tick of about a nanosecond is one, however long the host waits now and then", () => {
  assertEquals(tickLength(timings(1, [0.01, 0.02, 0.01])), 1);
  assertEquals(tickLength(timings(1, [3, 0.24, 0.9])), 1);
  assertEquals(tickLength(timings(1 / 1.2, [0])), 1);
});

Deno.test("a tick of another length is what the least disturbed job says", () => {
  assertAlmostEquals(tickLength(timings(1000 / 19.2, [0.5, 0.002, 0.01]))!, 52.1875, 1e-3);
  assertAlmostEquals(tickLength(timings(10, [0, 0.1]))!, 10, 1e-9);
  assertAlmostEquals(tickLength(timings(0.5, [0.01, 0.02]))!, 0.505, 1e-9);
});

Deno.test("a clock that stands still has no ticks", () => {
  assertEquals(
    tickLength([{ nanoseconds: 1e8, ticks: 0 }, { nanoseconds: 1e8, ticks: 0 }]),
    undefined,
  );
  assertEquals(tickLength([{ nanoseconds: 2e8, ticks: 0 }, { nanoseconds: 1e9, ticks: 1e8 }]), 10);
});

const gpu = await openTestGpu();

Deno.test({
  name: "the software driver counts nanoseconds",
  ignore: !gpu.isSoftware || !hasTimestamps(gpu),
  fn: async () => {
    const before = gpu.allocatedBytes;
    assertEquals(await measureTick(await Stopwatch.open(gpu)), 1);
    assertEquals([gpu.allocatedBytes, gpu.observer], [before, undefined]);
  },
});
