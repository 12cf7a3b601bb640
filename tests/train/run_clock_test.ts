import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../../src/errors.ts";
import { RunClock, type RunClockOptions } from "../../src/train/run_clock.ts";

/** A clock that stands still but for what a test adds to it, in seconds. */
class Watch {
  seconds = 100;
  now = () => 1000 * this.seconds;
}

function open(options: Partial<RunClockOptions>) {
  const watch = new Watch();
  const clock = new RunClock({ validationTokens: 0, now: watch.now, ...options });
  return { watch, clock };
}

Deno.test("run clock: of a number of steps it knows the time left by the pace since the first", () => {
  const { watch, clock } = open({ steps: 10 });
  watch.seconds += 30; // kernels
  clock.begin();
  watch.seconds += 5;
  assertEquals(clock.stepDone(1, 1000), 200);
  assertEquals(clock.outlook(1, false), { isLast: false, steps: 10, isEstimate: false, done: 0.1 });
  watch.seconds += 2;
  assertEquals(clock.stepDone(2, 1000), 500); // the first one does not count
  watch.seconds += 2;
  assertEquals(clock.stepDone(3, 1000), 500);
  const { secondsLeft, secondsPerStep } = clock.outlook(3, false);
  assertEquals([secondsLeft, secondsPerStep], [14, 2]);
  assertEquals(clock.seconds, 9);
  assertEquals([clock.isNearEnd, clock.allowsAnother], [false, true]);
  assertEquals(clock.scheduledSteps(3), 10);
  assertEquals(clock.outlook(10, true), {
    ...{ isLast: true, steps: 10, isEstimate: false, done: 1, secondsLeft: 0 },
  });
});

Deno.test("run clock: time allows a step that leaves enough for evaluating and saving", async () => {
  const { watch, clock } = open({ seconds: 60, validationTokens: 60, reserve: () => 4 });
  watch.seconds += 20; // kernels count
  clock.begin();
  assert(clock.isNearEnd); // who knows how long a step takes
  watch.seconds += 3;
  clock.stepDone(1, 10);
  assertEquals(clock.outlook(1, false), {
    ...{ isLast: false, isEstimate: true, done: 3 / 40, secondsLeft: 37 },
  });
  // Of 37 s a step takes 3, an evaluation of 6 passes another 6, and saving 4.
  assertEquals([clock.isNearEnd, clock.allowsAnother], [false, true]);
  for (const step of [2, 3]) {
    watch.seconds += 3;
    clock.stepDone(step, 10);
  }
  const { steps, secondsLeft, isEstimate } = clock.outlook(3, false);
  assertEquals([steps, secondsLeft, isEstimate], [3 + (31 - 10) / 3, 31, true]);
  watch.seconds += 17; // 14 are left
  assertEquals([clock.isNearEnd, clock.allowsAnother], [true, true]);
  watch.seconds += 1.5;
  assertEquals(clock.allowsAnother, false);
  // An evaluation turns out to be shorter.
  await clock.evaluation(() => Promise.resolve(watch.seconds += 1));
  assertEquals(clock.allowsAnother, true); // 11.5 left: 3 + 1 + 4
  watch.seconds += 4;
  assertEquals(clock.allowsAnother, false);
});

Deno.test("run clock: what comes first of steps and time is expected", () => {
  for (const [steps, expected] of [[20, 20], [1000, 60]]) {
    const { watch, clock } = open({ steps, seconds: 60 });
    clock.begin();
    for (let step = 1; step <= 3; step++) {
      watch.seconds += 1;
      clock.stepDone(step, 10);
    }
    const outlook = clock.outlook(3, false);
    assertEquals([outlook.steps, outlook.secondsLeft], [expected, expected - 3]);
    assertAlmostEquals(outlook.done, Math.max(3 / steps, 3 / 60));
  }
});

Deno.test("run clock: a schedule's part of the steps after the second is the part of the time", () => {
  const { watch, clock } = open({ seconds: 100 });
  clock.begin();
  assertEquals(clock.scheduledSteps(0), Infinity); // the rate begins with that of a long run
  watch.seconds += 10;
  clock.stepDone(1, 10);
  assertEquals(clock.scheduledSteps(1), Infinity); // a first step says little of the others
  watch.seconds += 10;
  clock.stepDone(2, 10);
  assertEquals(clock.scheduledSteps(2), Infinity);
  for (let step = 3; watch.seconds < 200; step++) {
    watch.seconds += watch.seconds < 150 ? 1 : 4; // the pace changes
    clock.stepDone(step, 10);
    const part = (step - 2) / (clock.scheduledSteps(step) - 2);
    assertAlmostEquals(part, Math.min(1, (watch.seconds - 120) / 80), 1e-9);
  }
});

Deno.test("run clock: of a resumed run the time before counts, if it is known", () => {
  const start = { step: 50, seconds: 70 };
  const { watch, clock } = open({ seconds: 100, start });
  clock.begin();
  assertEquals([clock.isOver, clock.seconds, clock.scheduledSteps(50)], [
    ...[false, 70, 50 + 30 * 50 / 70],
  ]);
  watch.seconds += 29;
  clock.stepDone(51, 10);
  assertEquals(clock.outlook(51, false).secondsLeft, 1);
  assertEquals(open({ seconds: 100, start: { step: 50, seconds: 100 } }).clock.isOver, true);
  assertEquals(open({ steps: 50, start }).clock.isOver, true);
  assertEquals(open({ steps: 51, start }).clock.isOver, false);

  const unknown = open({ seconds: 40, start: { step: 50 } });
  unknown.clock.begin();
  assertEquals(unknown.clock.scheduledSteps(50), Infinity);
  for (const step of [51, 52, 53]) {
    unknown.watch.seconds += 4;
    unknown.clock.stepDone(step, 10);
  }
  assertEquals(unknown.clock.scheduledSteps(53), 53 + 28 / 4);
});

Deno.test("run clock: a run must have a length", () => {
  assertThrows(() => open({}), UsageError, "steps or seconds must say how long to train");
  for (const seconds of [0, -1, NaN]) {
    assertThrows(() => open({ seconds }), UsageError, `seconds must be above 0, not ${seconds}`);
  }
});
