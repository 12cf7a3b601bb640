import { assertAlmostEquals, assertEquals } from "@std/assert";
import { Plan } from "../../src/gpu/plan.ts";
import { Gpt2 } from "../../src/model/gpt2.ts";
import { Agd } from "../../src/optim/agd/agd.ts";
import type { OptimizerTarget } from "../../src/optim/optimizer.ts";
import { estimateStepSeconds } from "../../src/train/step_time.ts";
import { Trainer } from "../../src/train/trainer.ts";
import { ODD, smallVocabulary } from "../model/helpers.ts";
import { openTestGpu } from "../ops/helpers.ts";

const gpu = await openTestGpu();
const config = { ...ODD, layers: 3 };
const options = {
  batch: 2,
  accumulate: 3,
  optimizer: (target: OptimizerTarget) => new Agd(target),
};

/** The arithmetic operations of a step. */
async function workOf(): Promise<Map<string, number>> {
  const vocabulary = smallVocabulary(config.vocabularySize);
  using model = await Gpt2.create(gpu, config, { vocabulary });
  using trainer = new Trainer(model, options);
  return trainer.work;
}

/** Calls `body` with a clock by which each arithmetic operation of a plan takes a millisecond. */
async function withWorkClock<T>(body: (now: () => number) => Promise<T>): Promise<T> {
  let ms = 0;
  const { run } = Plan.prototype;
  Plan.prototype.run = function () {
    for (const [section, work] of this.work) {
      if (gpu.observer?.includes(section) ?? true) ms += work;
    }
    run.call(this);
  };
  try {
    return await body(() => ms);
  } finally {
    Plan.prototype.run = run;
  }
}

Deno.test("trainer: the work of a step by section, that of passes for each micro-batch", async () => {
  const work = await workOf();
  assertEquals([...work.keys()].sort(), ["", "backward", "forward", "loss", "polar factors"]);
  const { width: C, context: T, vocabularySize: V } = config;
  // Logits, the gradients of the stream and of the matrix: three products.
  const products = 3 * 2 * options.accumulate * options.batch * T * C * (V + 1);
  assertEquals(work.get("loss")! >= products, true);
  assertEquals(work.get("loss")! < 2 * products, true);
});

Deno.test("estimateStepSeconds: of the whole, or in proportion to the work of its parts", async () => {
  const milliseconds = (await workOf()).values().reduce((sum, value) => sum + value);
  const before = gpu.allocatedBytes;
  for (const seconds of [Infinity, 0]) {
    const estimate = await withWorkClock((now) =>
      estimateStepSeconds(gpu, { config, options }, { seconds, now })
    );
    assertAlmostEquals(estimate, milliseconds / 1000, 1e-9 * milliseconds);
  }
  assertEquals(gpu.allocatedBytes, before);
  assertEquals(gpu.observer, undefined);
});
