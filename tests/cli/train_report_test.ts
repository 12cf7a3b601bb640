import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Display } from "../../src/cli/display.ts";
import { PaceTeller, tellEnd } from "../../src/cli/train_report.ts";
import type { RunResult } from "../../src/run/options.ts";
import type { StepEvent } from "../../src/train/options.ts";
import type { RunLength } from "../../src/train/run_clock.ts";

const LAST: StepEvent = {
  ...{ step: 3, tokens: 300, loss: 4.25, skipped: false },
  ...{ tokensPerSecond: 1234, dataWaitMs: 0, hostMs: 1, seconds: 3 },
  outlook: { isLast: true, steps: 3, isEstimate: false, done: 1 },
};

function displayOf(tell: Display["tell"]): Display {
  return { tell, ...{ compiling() {}, step() {}, sample() {}, [Symbol.dispose]() {} } };
}

/** What is told of the end of a run. */
function told(
  result: Partial<RunResult>,
  end: { step: number; out?: string; interrupted?: boolean; isTimed?: boolean },
): string {
  let told = "";
  const display = displayOf((_event, _data, text = "") => void (told = text));
  const counts = { skipped: 0, skippedSteps: 0 };
  tellEnd(display, { ...counts, ...result }, { out: "run", interrupted: false, ...end });
  return told;
}

Deno.test("the end of a run says where it is, and what to do with it", () => {
  const saved = "Saved the model, metrics.jsonl and loss.svg in run; ";
  const sample = 'sample from it with\n  deno task sample --checkpoint run --prompt "..."';
  assertEquals(told({ last: LAST }, { step: 3 }), `Trained 3 steps. ${saved}${sample}`);
  assertEquals(
    told({ last: LAST, best: { step: 2, val_loss: 4 }, skipped: 1, skippedSteps: 2 }, { step: 3 }),
    "Trained 3 steps. 2 of them were skipped. Skipped 1 bad line. The best validation loss was " +
      `4.0000, at step 2. ${saved}${sample}`,
  );
  assertEquals(
    told({ last: { ...LAST, step: 1 } }, { step: 1, interrupted: true }),
    `Stopped after 1 step. ${saved}go on with\n  deno task train --resume run`,
  );
  assertStringIncludes(
    told({ last: LAST }, { step: 1, out: "Ann's run", interrupted: true }),
    "loss.svg in Ann's run; go on with\n  deno task train --resume 'Ann'\\''s run'",
  );
  assertEquals(
    told({}, { step: 0, interrupted: true }),
    "Stopped after 0 steps. Nothing was saved.",
  );
  assertEquals(
    told({}, { step: 3 }),
    "Nothing was left to do: it is at step 3 already. --steps asks for more.",
  );
  assertEquals(
    told({}, { step: 3, isTimed: true }),
    "Nothing was left to do: it is at step 3 already. --minutes asks for more.",
  );
});

Deno.test("the pace of a run that time may end is told of once it is known", () => {
  const toldOf = (length: RunLength, steps: number, isEstimate = true) => {
    const told: unknown[] = [];
    const teller = new PaceTeller(displayOf((...all) => told.push(all)), length);
    for (let step = 11; step < 16; step++) {
      teller.step({
        ...LAST,
        step,
        outlook: { isLast: false, steps, isEstimate, done: 0.5, secondsPerStep: 2 },
      });
    }
    return told;
  };
  const pace = (steps: number) => ({ seconds_per_step: 2, steps });
  assertEquals(toldOf({ seconds: 180 }, 90), [
    ["pace", pace(90), "2.0 s a step: about 90 steps in 3 minutes."],
  ]);
  assertEquals(toldOf({ seconds: 5400, steps: 1000 }, 1000), [
    ["pace", pace(1000), "2.0 s a step: about 1,000 steps."],
  ]);
  assertEquals(toldOf({ seconds: 5400, steps: 9999 }, 2700), [
    ["pace", pace(2700), "2.0 s a step: about 2,700 steps in 1h 30m."],
  ]);
  assertEquals(toldOf({ steps: 90 }, 90, false), []);
});
