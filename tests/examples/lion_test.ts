import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { Lion } from "../../examples/lion.ts";
import type { OptimizerTarget } from "../../src/optim/optimizer.ts";
import type { StepEvent } from "../../src/train/options.ts";
import { train } from "../../src/train/train.ts";
import { Trainer } from "../../src/train/trainer.ts";
import { modelOf, ODD, randomBatch, randomWeights } from "../model/helpers.ts";
import { openTestGpu } from "../ops/helpers.ts";

const gpu = await openTestGpu();

Deno.test("the example's optimiser makes the steps of Lion", async () => {
  const size = 100; // more than a workgroup
  const spec = {
    name: "weight",
    shape: [size] as const,
    parts: 1,
    fanIn: 1,
    fanOut: 1,
    residual: false,
  };
  const tensor = (value: number) =>
    gpu.tensorFrom("test", [size], new Float32Array(size).fill(value));
  const [weight, gradient] = [tensor(2), tensor(1)];
  const target: OptimizerTarget = {
    ...{ gpu, table: [{ ...spec, role: "matrix", trainable: true }] },
    weights: new Map([["weight", weight]]),
    gradients: new Map([["weight", gradient]]),
  };
  const lion = new Lion(target, { learningRate: 0.1, betas: [0.75, 0.5], weightDecay: 0.5 });
  let [w, m] = [2, 0];
  for (const g of [1, -0.25, -0.25, 3]) {
    gpu.write(gradient, new Float32Array(size).fill(g));
    lion.step();
    w -= 0.1 * (Math.sign(0.75 * m + 0.25 * g) + 0.5 * w);
    m = 0.5 * m + 0.5 * g;
    for (const value of [...await gpu.read(weight)]) assertAlmostEquals(value, w, 1e-5);
    assertEquals([...await gpu.read(lion.summary)], [0]);
  }
  const before = [weight, ...lion.state.values()];
  const values = () => Promise.all(before.map((tensor) => gpu.read(tensor)));
  const kept = await values();
  gpu.write(gradient, Float32Array.of(NaN), 99);
  lion.step();
  assertEquals(await values(), kept);
  assertEquals([...await gpu.read(lion.summary)], [1]);
  lion[Symbol.dispose]();
  gpu.free(weight, gradient);
  assertEquals(gpu.allocatedBytes, 0);
});

Deno.test("the example's optimiser trains a model, with a scheduled learning rate", async () => {
  const events: StepEvent[] = [];
  {
    using model = modelOf(gpu, ODD, randomWeights(ODD, 1));
    const optimizer = (target: OptimizerTarget) => new Lion(target, { learningRate: 0.02 });
    using trainer = new Trainer(model, { batch: 2, optimizer });
    const batch = randomBatch(ODD, 2, 0);
    const batches = ReadableStream.from(Array(10).fill(batch));
    await train(trainer, { batches, steps: 10, onStep: (event) => void events.push(event) });
  }
  assertEquals(gpu.allocatedBytes, 0);
  assertEquals(events[0].learningRate, 0.02);
  assert(events[9].loss < events[0].loss - 0.5, `${events[9].loss} after ${events[0].loss}`);
});
