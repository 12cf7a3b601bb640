import { assertEquals } from "@std/assert";
import { Sgd } from "../../src/optim/sgd.ts";
import { LARGE_VOCABULARY, ODD, randomWeights, SLIM } from "../model/helpers.ts";
import { assertClose, onBothKinds, openTestGpu } from "../ops/helpers.ts";
import { Sgd as ReferenceSgd } from "../reference/optimizers/sgd.ts";
import { assertUnchanged, Bench, checkFiveSteps, checkZeroGradients, CONFIGS } from "./helpers.ts";

const gpu = await openTestGpu();
const slim = await openTestGpu(SLIM);

for (const [name, config] of Object.entries(CONFIGS)) {
  Deno.test(`sgd: five steps are the reference's: ${name}`, async () => {
    await onBothKinds(gpu, () =>
      checkFiveSteps(
        ...[gpu, config] as const,
        (target) => new Sgd(target, { learningRate: 0.05 }),
        (table) => new ReferenceSgd(table, { lr: 0.05 }),
      ));
  });
}

Deno.test("sgd: five steps are the reference's: wte in several bindings, no momentum", async () => {
  await checkFiveSteps(
    ...[slim, LARGE_VOCABULARY] as const,
    (target) => new Sgd(target, { learningRate: 0.1, momentum: 0 }),
    (table) => new ReferenceSgd(table, { lr: 0.1, momentum: 0 }),
  );
});

Deno.test("sgd: zero gradients change nothing and give no NaN", async () => {
  await checkZeroGradients(gpu, (target) => new Sgd(target, { learningRate: 0.1 }));
});

Deno.test("sgd: the learning rate may change between steps", async () => {
  const weights = randomWeights(ODD, 2);
  using bench = new Bench(gpu, ODD, weights, (target) => new Sgd(target, { learningRate: 1 }));
  const sgd = bench.optimizer as Sgd;
  sgd.learningRate = 0;
  const gradients = randomWeights(ODD, 3);
  assertUnchanged(await bench.step(gradients), weights);
  sgd.learningRate = 0.1;
  const after = await bench.step(); // 0.9 of the first step's velocity is left
  for (const [name, values] of after) {
    const expected = weights.get(name)!.map((value, i) => value - 0.09 * gradients.get(name)![i]);
    assertClose(values, expected, 1e-6, name);
  }
  assertEquals(bench.optimizer.evaluationWeights, bench.target.weights);
});
