import { assertEquals } from "@std/assert";
import { runTime } from "../../src/cli/dry_run.ts";

Deno.test("runTime: steps with evaluations, or as many as time allows", () => {
  const evaluations = { evalEvery: 10, evalBatches: 6 }; // each takes the time of two steps
  const timed = (length: { steps?: number; seconds?: number }) => {
    const { steps, seconds } = runTime(0.5, length, evaluations);
    return [steps, seconds];
  };
  assertEquals(timed({ steps: 20 }), [20, 12]);
  assertEquals(timed({ steps: 21 }), [21, 13.5]);
  assertEquals(timed({ steps: 20, seconds: 12 }), [20, 12]);
  assertEquals(timed({ steps: 200, seconds: 25 }), [40, 25]);
  assertEquals(timed({ seconds: 25 }), [40, 25]);
  assertEquals(timed({ seconds: 0.1 }), [1, 0.1]);
});
