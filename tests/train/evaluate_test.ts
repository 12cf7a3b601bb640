import { assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { UsageError } from "../../src/errors.ts";
import { Sgd } from "../../src/optim/sgd.ts";
import { evaluate } from "../../src/train/evaluate.ts";
import { meanLoss } from "../../src/train/mean_loss.ts";
import { Trainer } from "../../src/train/trainer.ts";
import { modelOf, ODD, randomBatch, randomWeights } from "../model/helpers.ts";
import { openTestGpu } from "../ops/helpers.ts";

const gpu = await openTestGpu();
const B = 3;
const BATCHES = [1, 2].map((seed) => {
  const { inputs, targets } = randomBatch(ODD, B, seed);
  return { inputs: inputs.slice(), targets: targets.slice() };
});

Deno.test("evaluate: what the trainer would say, and nothing stays allocated", async () => {
  using model = modelOf(gpu, ODD, randomWeights(ODD, 1));
  const before = gpu.allocatedBytes;
  const loss = await evaluate(model, BATCHES);
  assertEquals(gpu.allocatedBytes, before);
  using trainer = new Trainer(model, {
    batch: B,
    optimizer: (target) => new Sgd(target, { learningRate: 1 }),
  });
  assertAlmostEquals(loss, await meanLoss(trainer, BATCHES), 1e-6);
});

Deno.test("evaluate: batches that do not fit are usage errors", async () => {
  using model = modelOf(gpu, ODD, randomWeights(ODD, 1));
  const before = gpu.allocatedBytes;
  const [{ inputs, targets }] = BATCHES;
  const short = { inputs: inputs.subarray(1), targets: targets.subarray(1) };
  const fewer = { inputs: inputs.slice(ODD.context), targets: targets.slice(ODD.context) };
  for (const batches of [[], [short], [BATCHES[0], fewer]]) {
    await assertRejects(() => evaluate(model, batches), UsageError);
  }
  assertEquals(gpu.allocatedBytes, before);
});
