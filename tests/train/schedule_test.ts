import { assertAlmostEquals, assertEquals, assertGreater, assertLess } from "@std/assert";
import { scheduledLearningRate } from "../../src/train/schedule.ts";

/** The rates of all steps. */
const rates = (peak: number, steps: number) =>
  Array.from({ length: steps }, (_, step) => scheduledLearningRate(peak, step, steps));

Deno.test("schedule: a tenth of the steps warms up in a straight line, then it falls", () => {
  const rate = rates(2, 50);
  assertEquals(rate.slice(0, 5), [0.4, 0.8, 1.2, 1.6, 2]);
  assertEquals(rate[5], 2);
  for (let step = 6; step < 50; step++) assertLess(rate[step], rate[step - 1]);
});

Deno.test("schedule: half way down the cosine it is half way to a tenth, and there at the end", () => {
  // Warm-up to step 100, then 900 steps.
  assertAlmostEquals(scheduledLearningRate(1, 100 + 450, 1000), 0.55, 1e-12);
  assertAlmostEquals(scheduledLearningRate(1, 100 + 225, 1000), 0.55 + 0.45 * Math.SQRT1_2, 1e-12);
  assertAlmostEquals(scheduledLearningRate(1, 1000, 1000), 0.1, 1e-12);
  assertAlmostEquals(scheduledLearningRate(1, 2000, 1000), 0.1, 1e-12);
  assertAlmostEquals(rates(1, 1000).at(-1)!, 0.1, 1e-5);
});

Deno.test("schedule: no more than 100 steps of warm-up", () => {
  const rate = rates(1, 20_000);
  assertEquals(rate[99], 1);
  assertEquals(rate[49], 0.5);
  assertEquals(rate.indexOf(Math.max(...rate)), 99);
});

Deno.test("schedule: few steps", () => {
  assertEquals(rates(3, 1), [3]);
  assertEquals(rates(3, 2)[0], 3);
  for (const steps of [1, 2, 3, 10]) {
    for (const rate of rates(3, steps)) assertGreater(rate, 0);
  }
});

Deno.test("schedule: in a straight line it is half way at half the steps that follow, and ends at 0", () => {
  assertEquals(scheduledLearningRate(2, 49, 1000, "linear"), 1);
  assertAlmostEquals(scheduledLearningRate(2, 100 + 450, 1000, "linear"), 1, 1e-12);
  assertAlmostEquals(scheduledLearningRate(2, 999, 1000, "linear"), 2 / 900, 1e-12);
  assertEquals([1000, 2000].map((step) => scheduledLearningRate(2, step, 1000, "linear")), [0, 0]);
});

Deno.test("schedule: a constant rate warms up too", () => {
  const rates = [49, 99, 100, 999].map((step) => scheduledLearningRate(2, step, 1000, "constant"));
  assertEquals(rates, [1, 2, 2, 2]);
});
