import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import type { Batch } from "../../src/tokens/batch.ts";
import { DivergedError, UserError } from "../../src/errors.ts";
import { AdamW } from "../../src/optim/adamw.ts";
import { Agd } from "../../src/optim/agd/agd.ts";
import type { Optimizer, OptimizerTarget } from "../../src/optim/optimizer.ts";
import { Sgd } from "../../src/optim/sgd.ts";
import { meanLoss } from "../../src/train/mean_loss.ts";
import { scheduledLearningRate } from "../../src/train/schedule.ts";
import type { StepEvent, TrainOptions } from "../../src/train/options.ts";
import { train } from "../../src/train/train.ts";
import { Trainer } from "../../src/train/trainer.ts";
import { modelOf, ODD, randomBatch, randomWeights, readTensors } from "../model/helpers.ts";
import { openTestGpu } from "../ops/helpers.ts";

const gpu = await openTestGpu();
const B = 2;
const WEIGHTS = randomWeights(ODD, 1);
const batchOf = (seed: number): Batch => {
  const { inputs, targets } = randomBatch(ODD, B, seed);
  return { inputs: inputs.slice(), targets: targets.slice() };
};
const BATCHES = Array.from({ length: 8 }, (_, i) => batchOf(i));
const VALIDATION = [batchOf(20), batchOf(21)];

/** An endless stream of the batches, each of which takes 1 ms; bad from number `bad` on. */
class FakeStream implements AsyncIterable<Batch> {
  asked = 0;
  constructor(readonly bad = Infinity) {}

  async #next(): Promise<Batch> {
    if (this.asked === this.bad) throw new UserError("a.jsonl:7: not JSON");
    await new Promise((resolve) => setTimeout(resolve, 1));
    return BATCHES[this.asked++ % BATCHES.length];
  }

  async *[Symbol.asyncIterator]() {
    while (true) yield await this.#next();
  }
}

const agd = (target: OptimizerTarget): Optimizer => new Agd(target);

/** Runs `body` with a trainer of a new model that starts from the same weights each time. */
async function withTrainer<T>(
  body: (trainer: Trainer) => Promise<T>,
  optimizer = agd,
  weights = WEIGHTS,
): Promise<T> {
  using model = modelOf(gpu, ODD, weights);
  using trainer = new Trainer(model, { batch: B, optimizer });
  return await body(trainer);
}

/** Trains and returns all events. */
async function eventsOf(
  options: Partial<TrainOptions>,
  optimizer = agd,
): Promise<StepEvent[]> {
  const events: StepEvent[] = [];
  const onStep = async (event: StepEvent) => {
    events.push(event);
    await options.onStep?.(event);
  };
  const all = { batches: new FakeStream(), steps: 5, ...options, onStep };
  const last = await withTrainer((trainer) => train(trainer, all), optimizer);
  assertEquals(last, events.at(-1));
  return events;
}

Deno.test("train: one event a step, in order, with the losses of the steps by hand", async () => {
  const events = await eventsOf({});
  assertEquals(events.map(({ step }) => step), [1, 2, 3, 4, 5]);
  assertEquals(events.map(({ tokens }) => tokens), [10, 20, 30, 40, 50]);
  assert(events.every(({ dataWaitMs }) => dataWaitMs > 0.5));
  assert(events.every(({ hostMs }) => hostMs > 0));
  assert(events.every(({ tokensPerSecond }) => tokensPerSecond > 0 && tokensPerSecond < Infinity));
  assert(events.every((event) => event.validationLoss === undefined));
  assert(events.every((event) => event.learningRate === undefined));
  const expected = await withTrainer(async (trainer) => {
    const results = [];
    for (const batch of BATCHES.slice(0, 5)) results.push(await trainer.step(batch));
    return results.map(({ loss, eta }) => ({ loss, eta }));
  });
  assertEquals(events.map(({ loss, eta }) => ({ loss, eta })), expected);
});

Deno.test("train: evaluations see the weights after their step, not the next one's", async () => {
  const events = await eventsOf({ validation: VALIDATION, evalEvery: 2 });
  const evaluated = events.filter((event) => event.validationLoss !== undefined);
  assertEquals(evaluated.map(({ step }) => step), [2, 4, 5]);
  for (const { step, validationLoss } of evaluated) {
    const expected = await withTrainer(async (trainer) => {
      for (const batch of BATCHES.slice(0, step)) await trainer.step(batch);
      return (await trainer.loss(VALIDATION[0]) + await trainer.loss(VALIDATION[1])) / 2;
    });
    assertEquals(validationLoss, expected, `step ${step}`);
  }
  const without = await eventsOf({});
  assertEquals(events.map(({ loss }) => loss), without.map(({ loss }) => loss));
});

Deno.test("train: norms are measured at evaluations, or at every step, and change nothing", async () => {
  const expected = await eventsOf({ steps: 5, evalEvery: 10 });
  for (const verbose of [false, true]) {
    const measured = verbose ? [1, 2, 3, 4, 5] : [3, 5];
    const events = await eventsOf({ evalEvery: 3, verbose });
    assertEquals(events.filter(({ norms }) => norms).map(({ step }) => step), measured);
    assertEquals(events.map(({ loss }) => loss), expected.map(({ loss }) => loss));
    for (const { step, norms, eta, gradientSummary } of events.filter(({ norms }) => norms)) {
      const { vectors: _, ...counted } = norms!;
      const sum = Object.values(counted).reduce((sum, { gradient }) => sum + gradient, 0);
      assertAlmostEquals(sum / 10, gradientSummary!, 1e-5 * sum);
      // The larger one of the two embeddings' shares of what the ramp leaves of eta.
      const { gradient, update } = norms!.embeddings!;
      const both = Math.sqrt(1 - 0.8 ** (2 * step)) * eta! * gradient / sum;
      assert(update < both * 1.001 && update > both / 2 * 0.999, `${update} of ${both}`);
    }
  }
  const skipping = await eventsOf({ verbose: true }, failingAt((step) => step === 2));
  assertEquals(skipping.map(({ norms }) => norms !== undefined), [true, false, true, true, true]);
  const others = await eventsOf(
    { verbose: true },
    (target) => new Sgd(target, { learningRate: 0.01 }),
  );
  assert(others.every(({ norms }) => norms === undefined));
});

Deno.test("train: at an evaluation no further step is under way, validation or not", async () => {
  const weightsAfter = (steps: number) =>
    withTrainer(async (trainer) => {
      for (const batch of BATCHES.slice(0, steps)) await trainer.step(batch);
      return await readTensors(gpu, trainer.optimizer.evaluationWeights);
    });
  const [second, third] = [await weightsAfter(2), await weightsAfter(3)];
  await withTrainer((trainer) =>
    train(trainer, {
      ...{ batches: new FakeStream(), steps: 3, evalEvery: 2 },
      onStep: async ({ step }) => {
        if (step === 1) return;
        const weights = await readTensors(gpu, trainer.optimizer.evaluationWeights);
        assertEquals(weights, step === 2 ? second : third);
      },
    })
  );
});

Deno.test("train: at a pause nothing is submitted until the step is told of", async () => {
  const batches = new FakeStream();
  const asked: number[] = [];
  await eventsOf({
    batches,
    pauseAt: (step) => step === 2,
    onStep: () => void asked.push(batches.asked),
  });
  assertEquals(asked, [2, 2, 4, 5, 5]);
});

Deno.test("train: ends when the batches do", async () => {
  async function* three() {
    for (let i = 0; i < 3; i++) yield await Promise.resolve(BATCHES[i]);
  }
  assertEquals((await eventsOf({ batches: three() })).map(({ step }) => step), [1, 2, 3]);
});

Deno.test("train: a step is submitted before the one before it is told of", async () => {
  const batches = new FakeStream();
  const asked: number[] = [];
  await eventsOf({ batches, onStep: () => void asked.push(batches.asked) });
  assertEquals(asked, [2, 3, 4, 5, 5]);
});

Deno.test("train: onStep is awaited", async () => {
  let running = 0;
  await eventsOf({
    onStep: async () => {
      assertEquals(++running, 1);
      await new Promise((resolve) => setTimeout(resolve, 3));
      running--;
    },
  });
});

Deno.test("train: an abort finishes the step under way, and no more", async () => {
  const controller = new AbortController();
  const batches = new FakeStream();
  const events = await eventsOf({
    ...{ batches, steps: 100, signal: controller.signal },
    onStep: ({ step }) => {
      if (step === 2) controller.abort();
    },
  });
  assertEquals(events.map(({ step }) => step), [1, 2, 3]);
  assertEquals(batches.asked, 3);
  const whole = await eventsOf({ steps: 3 });
  assertEquals(events.map(({ loss }) => loss), whole.map(({ loss }) => loss));
});

Deno.test("train: nothing to do", async () => {
  assertEquals(await eventsOf({ steps: 0 }), []);
  assertEquals(await eventsOf({ signal: AbortSignal.abort() }), []);
});

Deno.test("train: a loss that is not a number, with a step done, ends it", async () => {
  for (const value of [NaN, Infinity]) {
    let events = 0;
    const error = await assertRejects(
      () =>
        withTrainer((trainer) => {
          trainer.step = () => Promise.resolve({ loss: value, skipped: false });
          const onStep = () => void events++;
          return train(trainer, { batches: new FakeStream(), steps: 3, onStep });
        }),
      DivergedError,
    );
    assertEquals(error.message, `the loss of step 1 is ${value}: training cannot go on`);
    assertEquals(events, 0);
  }
  const sgd = (target: OptimizerTarget) => new Sgd(target, { learningRate: 0.5 });
  const error = await assertRejects(() =>
    withTrainer((trainer) => {
      trainer.step = () => Promise.resolve({ loss: NaN, skipped: false });
      return train(trainer, { batches: new FakeStream(), steps: 3 });
    }, sgd), DivergedError);
  assertEquals(
    error.message,
    "the loss of step 1 is NaN: training cannot go on with a learning rate of 0.5",
  );
});

/** An optimiser that finds a gradient that is not finite at these steps, counted from 1. */
const failingAt = (isBad: (step: number) => boolean) => (target: OptimizerTarget): Optimizer => {
  const optimizer = new Agd(target);
  const { step } = optimizer;
  let steps = 0;
  optimizer.step = () => {
    if (isBad(++steps)) gpu.write(target.gradients.get("ln_f.bias")!, Float32Array.of(NaN), 2);
    step.call(optimizer);
  };
  return optimizer;
};

Deno.test("train: a step with a gradient that is not finite is skipped and told of", async () => {
  const events = await eventsOf({ steps: 6 }, failingAt((step) => step === 2 || step > 4));
  assertEquals(events.map(({ skipped }) => skipped), [false, true, false, false, true, true]);
  assertEquals(events.map(({ eta }) => eta === undefined), events.map(({ skipped }) => skipped));
  const losses = await withTrainer(async (trainer) => {
    const losses = [];
    for (const batch of [0, 2, 3]) losses.push((await trainer.step(BATCHES[batch])).loss);
    return losses;
  });
  assertEquals([0, 2, 3].map((i) => events[i].loss), losses);
});

Deno.test("train: ten skipped steps in a row end it, with the last good weights", async () => {
  const good = await withTrainer(async (trainer) => {
    for (const batch of BATCHES.slice(0, 3)) await trainer.step(batch);
    return await readTensors(gpu, trainer.optimizer.evaluationWeights);
  });
  for (const evalEvery of [100, 6]) {
    await withTrainer(async (trainer) => {
      const skipped: boolean[] = [];
      const batches = new FakeStream();
      const onStep = (event: StepEvent) => void skipped.push(event.skipped);
      const error = await assertRejects(
        () => train(trainer, { batches, evalEvery, steps: 30, onStep }),
        DivergedError,
      );
      assertEquals(
        error.message,
        "in 10 steps in a row, up to step 13, a gradient was not finite or too large: training cannot go on",
      );
      assertEquals(skipped, [...Array(3).fill(false), ...Array(10).fill(true)]);
      assertEquals(batches.asked, 13, "no further step is under way");
      assertEquals(await readTensors(gpu, trainer.optimizer.evaluationWeights), good);
    }, failingAt((step) => step > 3));
  }
});

Deno.test("train: nine skipped steps in a row are survived, and then nine more", async () => {
  const events = await eventsOf({ steps: 21 }, failingAt((step) => step % 10 !== 0));
  assertEquals(
    events.filter(({ skipped }) => !skipped).map(({ step }) => step),
    [10, 20],
  );
});

Deno.test("train: bad data ends it with their own error", async () => {
  const steps: number[] = [];
  const error = await assertRejects(
    () => eventsOf({ batches: new FakeStream(3), onStep: ({ step }) => void steps.push(step) }),
    UserError,
  );
  assertEquals(error.message, "a.jsonl:7: not JSON");
  assertEquals(steps, [1, 2]);
});

Deno.test("train: steps that fail on the GPU end it with their error, told once", async () => {
  // An unhandled rejection would fail this test.
  await withTrainer(async (trainer) => {
    let steps = 0;
    trainer.step = () => Promise.reject(new UserError(`lost at step ${++steps}`));
    const error = await assertRejects(
      () => train(trainer, { batches: new FakeStream(), steps: 3 }),
      UserError,
    );
    assertEquals(error.message, "lost at step 1");
    await new Promise((resolve) => setTimeout(resolve, 5));
  });
});

Deno.test("train: an error of onStep ends it", async () => {
  const onStep = () => Promise.reject(new UserError("disk full"));
  await assertRejects(() => eventsOf({ onStep }), UserError, "disk full");
});

for (
  const [name, make] of Object.entries({
    adamw: (target: OptimizerTarget) => new AdamW(target, { learningRate: 0.02 }),
    sgd: (target: OptimizerTarget) => new Sgd(target, { learningRate: 0.02 }),
  })
) {
  Deno.test(`train: ${name} gets the scheduled learning rate`, async () => {
    const steps = 12;
    const events = await eventsOf({ steps }, make);
    const rates = Array.from({ length: steps }, (_, i) => scheduledLearningRate(0.02, i, steps));
    assertEquals(events.map(({ learningRate }) => learningRate), rates);
    assert(events.every(({ eta }) => eta === undefined));
    const losses = await withTrainer(async (trainer) => {
      const { optimizer } = trainer;
      assert(optimizer instanceof AdamW || optimizer instanceof Sgd);
      const losses: number[] = [];
      for (const [i, rate] of rates.entries()) {
        optimizer.learningRate = rate;
        losses.push((await trainer.step(BATCHES[i % BATCHES.length])).loss);
      }
      return losses;
    }, make);
    assertEquals(events.map(({ loss }) => loss), losses);
  });
}

Deno.test("train: a learning rate is planned for other steps than the run has", async () => {
  const make = (target: OptimizerTarget) => new Sgd(target, { learningRate: 0.01 });
  const rate = (step: number, steps: number) => scheduledLearningRate(0.01, step, steps);
  const ratesOf = async (steps: number, horizon: number) =>
    (await eventsOf({ steps, horizon }, make)).map(({ learningRate }) => learningRate);
  assertEquals(await ratesOf(2, 9), [rate(0, 9), rate(1, 9)]);
  assertEquals(await ratesOf(4, 2), [rate(0, 2), rate(1, 2), rate(2, 4), rate(3, 4)]);
});

Deno.test("meanLoss is the mean over the batches", async () => {
  await withTrainer(async (trainer) => {
    const [a, b] = [await trainer.loss(VALIDATION[0]), await trainer.loss(VALIDATION[1])];
    assertEquals(await meanLoss(trainer, VALIDATION), (a + b) / 2);
    assertEquals(await meanLoss(trainer, VALIDATION.slice(1)), b);
  });
});

Deno.test("train: closes the caller's iterator, as a loop over it would", async () => {
  for (const steps of [2, 100]) {
    let closed = 0;
    const batches = async function* () {
      try {
        yield* BATCHES.slice(0, 4);
      } finally {
        closed++;
      }
    };
    await withTrainer((trainer) => train(trainer, { batches: batches(), steps, evalEvery: 100 }));
    assertEquals(closed, 1);
  }
});
