import { assertEquals } from "@std/assert";
import { type Display, JsonDisplay, QuietDisplay, TextDisplay } from "../../src/cli/display.ts";
import type { StepEvent } from "../../src/train/options.ts";

const EVENT: StepEvent = {
  ...{ step: 7, tokens: 700, loss: 4.25, skipped: false, eta: 0.125, gradientSummary: 0.5 },
  ...{ tokensPerSecond: 1234, dataWaitMs: 0, hostMs: 1, seconds: 3 },
  outlook: { isLast: false, steps: 1000, isEstimate: false, done: 0.007, secondsLeft: 123.4 },
  norms: {
    embeddings: { gradient: 12.345, update: 0.0125, weight: 1 },
    mlp: { gradient: 3, update: 0.0123, weight: 1.25 },
  },
};

/** What `body` prints, a line each. */
function linesOf(body: () => void): string[] {
  const lines: string[] = [];
  const { log } = console;
  console.log = (text: string) => void lines.push(...text.split("\n"));
  try {
    body();
    return lines;
  } finally {
    console.log = log;
  }
}

/** What a display prints of a step that comes so many milliseconds after what was printed before. */
function printed(display: Display, event: StepEvent, later = 0): string[] {
  const time = performance.now() + later;
  const { now } = performance;
  performance.now = () => time;
  try {
    return linesOf(() => display.step(event));
  } finally {
    performance.now = now;
    display[Symbol.dispose]();
  }
}

Deno.test("a verbose display prints each step, with what it was taken by", () => {
  assertEquals(printed(new TextDisplay({ verbose: true }), EVENT), [
    "step    7/1000  loss 4.2500  step size 0.125  1,234 tok/s  2m 3s left",
    "  embeddings  gradient 12.3       update 0.0125     weight 1.00",
    "  mlp         gradient 3.00       update 0.0123     weight 1.25",
    "  G 0.500",
  ]);
  const { norms: _, gradientSummary: __, eta: ___, ...other } = EVENT;
  assertEquals(printed(new TextDisplay({ verbose: true }), { ...other, learningRate: 0.001 }), [
    "step    7/1000  loss 4.2500  lr 1.00e-3  1,234 tok/s  2m 3s left",
  ]);
});

Deno.test("other displays print some steps, none, or all as JSON", () => {
  assertEquals(printed(new TextDisplay(), EVENT), []);
  assertEquals(printed(new TextDisplay(), EVENT, 59_000), []);
  assertEquals(printed(new TextDisplay(), EVENT, 61_000).length, 1); // steps that take long
  assertEquals(printed(new TextDisplay(), { ...EVENT, step: 25 }).length, 1);
  assertEquals(printed(new QuietDisplay(), EVENT), []);
  const [line] = printed(new JsonDisplay(), EVENT);
  const { event, norms, gradient_summary, steps, seconds_left } = JSON.parse(line);
  assertEquals({ event, norms, gradient_summary, steps, seconds_left }, {
    ...{ event: "step", steps: 1000, seconds_left: 123.4 },
    norms: EVENT.norms,
    gradient_summary: 0.5,
  });
});

Deno.test("compiling kernels is told of once where there is no terminal", () => {
  const told = (display: Display) =>
    linesOf(() => [0, 3, 12, 40].forEach((done) => display.compiling(done, 40)));
  assertEquals(told(new TextDisplay()), ["Compiling 40 kernels."]);
  assertEquals(told(new QuietDisplay()), []);
  assertEquals(told(new JsonDisplay()), ['{"event":"compile","kernels":40}']);
});

Deno.test("where time ends a run, lines come by the time, and steps are estimated", () => {
  const timed = (step: number, done: number, steps?: number): StepEvent => (
    {
      ...EVENT,
      step,
      outlook: { isLast: false, steps, isEstimate: true, done, secondsLeft: 100 * (1 - done) },
    }
  );
  const display = new TextDisplay();
  const lines = linesOf(() => {
    display.step(timed(1, 0.01));
    display.step(timed(2, 0.02, 96));
    display.step(timed(3, 0.04, 95));
    display.step(timed(4, 0.05, 101));
    display.step({
      ...EVENT,
      step: 97,
      outlook: { isLast: true, steps: 97, isEstimate: false, done: 1 },
    });
  });
  assertEquals(lines.map((line) => line.replace("loss 4.2500  step size 0.125", "...")), [
    "step 1  ...  1,234 tok/s  1m 39s left",
    "step  3/~95  ...  1,234 tok/s  1m 36s left",
    "step 97/97  ...  1,234 tok/s",
  ]);
});

Deno.test("measures of a task have its name before them where there are several", () => {
  const line = (tasks: StepEvent["tasks"]) =>
    printed(new TextDisplay(), { ...EVENT, validationLoss: 4, tasks })[0];
  const [lambada, wikitext] = [{ acc: 0.5, perplexity: 100 }, { word_perplexity: 30.25 }];
  const rest = "  step size 0.125  1,234 tok/s  2m 3s left";
  const first = "step    7/1000  loss 4.2500  val 4.0000";
  assertEquals(line({ lambada }), `${first}  acc 0.5000  perplexity 100.0${rest}`);
  assertEquals(
    line({ lambada, wikitext }),
    `${first}  lambada acc 0.5000  lambada perplexity 100.0  wikitext word_perplexity 30.25${rest}`,
  );
});
