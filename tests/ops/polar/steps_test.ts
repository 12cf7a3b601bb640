import { assert, assertAlmostEquals, assertEquals, assertLess } from "@std/assert";
import { type PolarStep, polarSteps, valueOf } from "../../../src/ops/polar/steps.ts";

/** Points from `low` to `high`, closer together at the lower end. */
function pointsOf(low: number, high: number): number[] {
  return Array.from({ length: 20_001 }, (_, i) => low * (high / low) ** (i / 20_000));
}

function compose(steps: readonly PolarStep[], x: number): number {
  return steps.reduce((value, step) => valueOf(step, value), x);
}

Deno.test("polar steps: each is the best odd quintic for what the one before leaves", () => {
  let [low, high] = [0.006, 1.01];
  for (const step of polarSteps(0.006, { count: 4 })) {
    const errors = pointsOf(low, high).map((x) => valueOf(step, x) - 1);
    const most = Math.max(...errors.map(Math.abs));
    // It is -E, E, -E and E at points in this order, so no other one is better everywhere (Chebyshev).
    const ends = errors.filter((error) => Math.abs(error) > most * (1 - 1e-4)).map(Math.sign);
    assertEquals(ends.filter((sign, i) => sign !== ends[i - 1]), [-1, 1, -1, 1]);
    [low, high] = [1 - most, (1 + most) * 1.01];
  }
});

Deno.test("polar steps: four bring 0.006 to 1 within 6.2% of 1, five within 0.02%", () => {
  for (const [count, distance] of [[4, 0.062], [5, 2e-4]]) {
    const steps = polarSteps(0.006, { count });
    assertEquals(steps.length, count);
    for (const x of pointsOf(0.006, 1)) assertLess(Math.abs(compose(steps, x) - 1), distance);
  }
});

Deno.test("polar steps: as many as it takes, from however far", () => {
  for (const lowest of [1e-9, 1e-6, 1e-3, 0.1, 0.5, 0.9, 0.999]) {
    const steps = polarSteps(lowest, { distance: 1e-6 });
    assert(steps.flat().every(Number.isFinite));
    for (const x of pointsOf(lowest, 1)) assertAlmostEquals(compose(steps, x), 1, 1e-6);
    assertLess(steps.length, 4 + Math.log(1 / lowest) / Math.log(4));
  }
});

Deno.test("polar steps: more than are needed change nothing any more", () => {
  const steps = polarSteps(0.006, { count: 12 });
  assertEquals(steps.length, 12);
  for (const x of pointsOf(0.006, 1)) assertAlmostEquals(compose(steps, x), 1, 1e-6);
});
