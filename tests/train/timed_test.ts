import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { AdamW } from "../../src/optim/adamw.ts";
import { Agd } from "../../src/optim/agd/agd.ts";
import type { Optimizer, OptimizerTarget } from "../../src/optim/optimizer.ts";
import type { StepEvent, TrainOptions } from "../../src/train/options.ts";
import { train } from "../../src/train/train.ts";
import { Trainer } from "../../src/train/trainer.ts";
import type { Batch } from "../../src/tokens/batch.ts";
import { modelOf, ODD, randomBatch, randomWeights } from "../model/helpers.ts";
import { openTestGpu } from "../ops/helpers.ts";

const gpu = await openTestGpu();
const B = 2;
const WEIGHTS = randomWeights(ODD, 1);
const BATCH: Batch = randomBatch(ODD, B, 1);

/** Trains by a clock on which each batch takes `secondsOf` its number; returns all events. */
async function eventsOf(
  options: Partial<TrainOptions>,
  secondsOf: (batch: number) => number = () => 1,
  optimizer: (target: OptimizerTarget) => Optimizer = (target) => new Agd(target),
): Promise<StepEvent[]> {
  let seconds = 0;
  const batches = (async function* () {
    for (let batch = 1;; batch++) {
      await Promise.resolve();
      seconds += secondsOf(batch);
      yield BATCH;
    }
  })();
  const events: StepEvent[] = [];
  using model = modelOf(gpu, ODD, WEIGHTS);
  using trainer = new Trainer(model, { batch: B, optimizer });
  await train(trainer, {
    ...{ batches, now: () => 1000 * seconds, onStep: (event) => void events.push(event) },
    ...options,
  });
  return events;
}

Deno.test("a run of so many seconds ends with the last step that they allow, evaluated", async () => {
  const events = await eventsOf({ seconds: 10, validation: [BATCH] });
  assertEquals(events.map(({ step }) => step), [1, 2, 3, 4, 5, 6, 7, 8, 9]); // and a third of one
  const evaluated = events.filter(({ validationLoss }) => validationLoss !== undefined);
  assertEquals(evaluated, events.slice(-1));
  assert(evaluated[0].norms); // as any step that is evaluated
  const { outlook, seconds } = evaluated[0];
  assertEquals([outlook, seconds], [
    ...[{ isLast: true, steps: 9, isEstimate: false, done: 1, secondsLeft: 0 }, 9],
  ]);
  // The steps are as ever.
  const counted = await eventsOf({ steps: 9 });
  assertEquals(events.map(({ loss }) => loss), counted.map(({ loss }) => loss));
  assertEquals(events.map(({ eta }) => eta), counted.map(({ eta }) => eta));
});

Deno.test("what is done after the last step is allowed for, and steps may come first", async () => {
  assertEquals((await eventsOf({ seconds: 10, reserve: () => 2.5 })).length, 7);
  assertEquals((await eventsOf({ seconds: 10 })).length, 10);
  assertEquals((await eventsOf({ seconds: 10, steps: 4 })).length, 4);
  assertEquals((await eventsOf({ seconds: 10, steps: 40 })).length, 10);
  const slower = await eventsOf({ seconds: 10 }, (batch) => batch < 5 ? 1 : 3);
  assertEquals(slower.length, 6); // at 4, 7 and 10 s
});

Deno.test("a run has a step at least, unless its time was over before it was resumed", async () => {
  assertEquals((await eventsOf({ seconds: 0.5 })).length, 1);
  const resumed = (seconds: number) =>
    eventsOf({ seconds: 10, start: { step: 4, tokens: 40, seconds } });
  const events = await resumed(6);
  assertEquals(events.map(({ step }) => step), [5, 6, 7, 8]);
  assertEquals(events.at(-1)!.seconds, 10);
  assertEquals(await resumed(10), []);
});

Deno.test("evaluations may be in equal parts of the run, of its time or its steps", async () => {
  const evaluatedAt = async (options: Partial<TrainOptions>) => {
    const events = await eventsOf({ validation: [BATCH], pauseAt: () => true, ...options });
    return events.filter(({ validationLoss }) => validationLoss).map(({ step }) => step);
  };
  assertEquals(await evaluatedAt({ steps: 10, evaluations: 3 }), [4, 7, 10]);
  assertEquals(await evaluatedAt({ steps: 3, evaluations: 8 }), [1, 2, 3]);
  assertEquals(await evaluatedAt({ seconds: 12.5, evaluations: 3 }), [5, 9, 12]);
});

Deno.test("a schedule follows the time to its end, also where the pace changes", async () => {
  const adamw = (target: OptimizerTarget) => new AdamW(target, { learningRate: 1 });
  for (const later of [1, 2, 0.25]) {
    const options = { seconds: 40, pauseAt: () => true };
    const events = await eventsOf(options, (batch) => batch < 20 ? 1 : later, adamw);
    const rates = events.map(({ learningRate }) => learningRate!);
    // Low until the pace is known; then the warm-up is a tenth of the 40 steps that are to be.
    assertEquals(rates.slice(0, 4), [0.01, 0.02, 0.03, 1]);
    for (let step = 4; step < rates.length; step++) {
      assert(rates[step] < 1.02 * rates[step - 1]); // the warm-up is a part of the steps
    }
    assertLess(rates.at(-1)!, 0.11);
    assertGreater(rates.at(-1)!, 0.0999);
  }
});
