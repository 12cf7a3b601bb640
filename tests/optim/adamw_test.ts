import { assertEquals } from "@std/assert";
import { AdamW } from "../../src/optim/adamw.ts";
import { LARGE_VOCABULARY, ODD, randomWeights, SLIM } from "../model/helpers.ts";
import { assertClose, openTestGpu } from "../ops/helpers.ts";
import { AdamW as ReferenceAdamW } from "../reference/optimizers/adamw.ts";
import { assertUnchanged, Bench, checkFiveSteps, checkZeroGradients, CONFIGS } from "./helpers.ts";

const gpu = await openTestGpu();
// Attention does not depend on the key's bias, and Adam makes much of a gradient of rounding errors.
const isSettled = (name: string) => !name.endsWith("c_attn.bias");
const slim = await openTestGpu(SLIM);

for (const [name, config] of Object.entries(CONFIGS)) {
  Deno.test(`adamw: five steps are the reference's: ${name}`, async () => {
    await checkFiveSteps(
      ...[gpu, config] as const,
      (target) => new AdamW(target, { learningRate: 0.01 }),
      (table) => new ReferenceAdamW(table, { lr: 0.01 }),
      isSettled,
    );
  });
}

Deno.test("adamw: five steps are the reference's: wte in several bindings, other settings", async () => {
  const settings = { betas: [0.8, 0.9] as [number, number], epsilon: 1e-3, weightDecay: 0.3 };
  await checkFiveSteps(
    ...[slim, LARGE_VOCABULARY] as const,
    (target) => new AdamW(target, { learningRate: 0.01, ...settings }),
    (table) => new ReferenceAdamW(table, { lr: 0.01, ...settings }),
    isSettled,
  );
});

Deno.test("adamw: without decay zero gradients change nothing and give no NaN", async () => {
  await checkZeroGradients(
    gpu,
    (target) => new AdamW(target, { learningRate: 0.1, weightDecay: 0 }),
  );
});

Deno.test("adamw: without gradients matrices and embeddings decay, vectors do not", async () => {
  const weights = randomWeights(ODD, 1);
  using bench = new Bench(
    ...[gpu, ODD, weights] as const,
    (target) => new AdamW(target, { learningRate: 0.5, weightDecay: 0.2 }),
  );
  const after = await bench.step();
  const vectors = bench.target.table.filter(({ shape }) => shape.length === 1);
  assertUnchanged(after, weights, vectors.map(({ name }) => name));
  for (const name of ["wte.weight", "wpe.weight", "h.1.mlp.c_fc.weight"]) {
    assertClose(after.get(name)!, weights.get(name)!.map((value) => 0.9 * value), 1e-6, name);
  }
});

Deno.test("adamw: the learning rate may change between steps", async () => {
  const weights = randomWeights(ODD, 2);
  const make = (learningRate: number) =>
    new Bench(gpu, ODD, weights, (target) => new AdamW(target, { learningRate }));
  using bench = make(0.1);
  const adamw = bench.optimizer as AdamW;
  adamw.learningRate = 0;
  assertUnchanged(await bench.step(randomWeights(ODD, 3)), weights);
  adamw.learningRate = 0.01;
  const after = await bench.step(randomWeights(ODD, 3));
  // The averages, corrected for their start at 0, are the same after one step and after two.
  using other = make(0.01);
  const expected = await other.step(randomWeights(ODD, 3));
  for (const [name, values] of expected) assertClose(after.get(name)!, values, 1e-5, name);
  assertEquals(bench.optimizer.evaluationWeights, bench.target.weights);
});
