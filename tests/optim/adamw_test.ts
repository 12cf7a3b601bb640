import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { UsageError } from "../../src/errors.ts";
import type { Gpu } from "../../src/gpu/gpu.ts";
import type { Gpt2Config } from "../../src/model/config.ts";
import { parameterTable } from "../../src/model/parameters.ts";
import { AdamW } from "../../src/optim/adamw.ts";
import { LARGE_VOCABULARY, ODD, randomWeights, SLIM } from "../model/helpers.ts";
import { assertClose, onBothKinds, openTestGpu } from "../ops/helpers.ts";
import type { Tensors } from "../reference/gpt2.ts";
import { AdamW as ReferenceAdamW } from "../reference/optimizers/adamw.ts";
import { assertUnchanged, Bench, checkFiveSteps, checkZeroGradients, CONFIGS } from "./helpers.ts";

const gpu = await openTestGpu();
// Attention does not depend on the key's bias, and Adam makes much of a gradient of rounding errors.
const isSettled = (name: string) => !name.endsWith("c_attn.bias");
const slim = await openTestGpu(SLIM);

for (const [name, config] of Object.entries(CONFIGS)) {
  Deno.test(`adamw: five steps are the reference's: ${name}`, async () => {
    await onBothKinds(gpu, () =>
      checkFiveSteps(
        ...[gpu, config] as const,
        (target) => new AdamW(target, { learningRate: 0.01 }),
        (table) => new ReferenceAdamW(table, { lr: 0.01 }),
        isSettled,
      ));
  });
}

Deno.test("adamw: five steps are the reference's: wte in several bindings, other settings", async () => {
  const betas: [number, number] = [0.8, 0.9];
  const settings = { betas, epsilon: 1e-3, weightDecay: 0.3, clip: 0.05 };
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

/** The 2-norm of all tensors together. */
function globalNorm(tensors: Tensors): number {
  return Math.hypot(...[...tensors.values()].map((values) => Math.hypot(...values)));
}

/** Random gradients of a global 2-norm. */
function gradientsOf(config: Gpt2Config, seed: number, norm: number): Tensors {
  const trainable = parameterTable(config).filter((spec) => spec.trainable);
  const random = randomWeights(config, seed);
  const gradients = new Map(trainable.map(({ name }) => [name, random.get(name)!]));
  const factor = norm / globalNorm(gradients);
  for (const values of gradients.values()) values.forEach((v, i) => values[i] = factor * v);
  return gradients;
}

/** The weights after a step with each of the gradients. */
async function after(gpu: Gpu, config: Gpt2Config, steps: Tensors[], clip?: number) {
  using bench = new Bench(
    ...[gpu, config, randomWeights(config, 1)] as const,
    (target) => new AdamW(target, { learningRate: 0.1, clip }),
  );
  let weights = new Map<string, Float32Array>();
  for (const gradients of steps) weights = await bench.step(gradients);
  return weights;
}

for (
  const [name, on, config] of [
    ["an odd-sized model", gpu, ODD],
    ["no trained biases or gains", gpu, { ...ODD, bias: false, affine: false }],
    ["wte in several bindings", slim, LARGE_VOCABULARY],
    ["a matrix of several workgroups", gpu, { ...ODD, vocabularySize: 9001 }],
  ] as const
) {
  Deno.test(`adamw: gradients are clipped by their global norm as the reference's: ${name}`, async () => {
    const norms = [0.5, 100, 0.9, 3];
    const steps = norms.map((norm, i) => gradientsOf(config, 2 + i, norm));
    await onBothKinds(on, async () => {
      const unclipped = await after(on, config, steps, Infinity);
      for (const clip of [undefined, 10, 0.01]) {
        const reference = randomWeights(config, 1);
        const adamw = new ReferenceAdamW(parameterTable(config), { lr: 0.1, clip: clip ?? 1 });
        for (const gradients of steps) adamw.step(reference, gradients);
        const weights = await after(on, config, steps, clip);
        assertEquals(await after(on, config, steps, clip), weights, "bit for bit the same again");
        for (const [name, values] of weights) {
          assertClose(values, reference.get(name)!, 1e-5, `${name}, clip ${clip}`);
        }
        assertNotEquals(weights, unclipped, `clip ${clip}`);
      }
      assertEquals(await after(on, config, steps, 101), unclipped, "a norm below the bound");
    });
  });
}

Deno.test("adamw: clip must be above 0", () => {
  for (const clip of [0, -1, NaN]) {
    assertThrows(
      () =>
        new Bench(gpu, ODD, new Map(), (target) => new AdamW(target, { learningRate: 1, clip })),
      ...[UsageError, `clip must be above 0, not ${clip}: Infinity turns it off`] as const,
    );
  }
});
