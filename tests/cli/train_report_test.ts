import { assertEquals } from "@std/assert";
import type { Display } from "../../src/cli/display.ts";
import { tellEnd } from "../../src/cli/train_report.ts";
import type { RunResult } from "../../src/run/options.ts";
import type { StepEvent } from "../../src/train/train.ts";

const LAST: StepEvent = {
  ...{ step: 3, tokens: 300, loss: 4.25, skipped: false },
  ...{ tokensPerSecond: 1234, dataWaitMs: 0, hostMs: 1 },
};

/** What is told of the end of a run. */
function told(result: Partial<RunResult>, end: { step: number; interrupted?: boolean }): string {
  let told = "";
  const display: Display = {
    tell: (_event, _data, text = "") => void (told = text),
    ...{ compiling() {}, step() {}, sample() {}, [Symbol.dispose]() {} },
  };
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
  assertEquals(
    told({}, { step: 0, interrupted: true }),
    "Stopped after 0 steps. Nothing was saved.",
  );
  assertEquals(
    told({}, { step: 3 }),
    "Nothing was left to do: it is at step 3 already. --steps asks for more.",
  );
});
