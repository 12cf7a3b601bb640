import { assertEquals } from "@std/assert";
import type { Gpu } from "../../src/gpu/gpu.ts";
import type { Gpt2Config } from "../../src/model/config.ts";
import { AdamW } from "../../src/optim/adamw.ts";
import { Agd } from "../../src/optim/agd/agd.ts";
import { Sgd } from "../../src/optim/sgd.ts";
import { LARGE_VOCABULARY, ODD, randomWeights, readTensors, SLIM } from "../model/helpers.ts";
import { openTestGpu } from "../ops/helpers.ts";
import type { Tensors } from "../reference/gpt2.ts";
import { assertFinite, Bench, type Make } from "./helpers.ts";

const gpu = await openTestGpu();
const slim = await openTestGpu(SLIM);

const OPTIMIZERS: Record<string, Make> = {
  "agd, spectral": (target) => new Agd(target),
  "agd, spectral, no Nesterov": (target) => new Agd(target, { nesterov: false }),
  "agd, frobenius": (target) => new Agd(target, { norm: "frobenius" }),
  "agd, frobenius, averaged": (target) => new Agd(target, { norm: "frobenius", averaging: true }),
  adamw: (target) => new AdamW(target, { learningRate: 0.01 }),
  sgd: (target) => new Sgd(target, { learningRate: 0.1 }),
};

/** Gradients of which one element is replaced. */
function withValue(seed: number, name: string, index: number, value: number, config = ODD) {
  const gradients = randomWeights(config, seed);
  gradients.get(name)![index] = value;
  return gradients;
}

/** Takes the steps; returns whether each was skipped, and all that is left at the end. */
async function after(gpu: Gpu, config: Gpt2Config, make: Make, steps: Tensors[]) {
  using bench = new Bench(gpu, config, randomWeights(config, 1), make);
  const { optimizer } = bench;
  const skipped: number[] = [];
  let weights = new Map<string, Float32Array>();
  for (const gradients of steps) {
    weights = await bench.step(gradients);
    skipped.push((await gpu.read(optimizer.summary!))[0]);
  }
  const [evaluated, state] = await Promise.all(
    [optimizer.evaluationWeights, optimizer.state].map((map) => readTensors(gpu, map)),
  );
  return { skipped, end: { weights, evaluated, state } };
}

for (const [name, make] of Object.entries(OPTIMIZERS)) {
  Deno.test(`${name}: a step with a gradient that is not finite is as if it had not been`, async () => {
    const good = [2, 3, 4].map((seed) => randomWeights(ODD, seed));
    const expected = await after(gpu, ODD, make, good);
    assertEquals(expected.skipped, [0, 0, 0]);
    const bad = [
      withValue(5, "wte.weight", 0, NaN),
      withValue(6, "wpe.weight", 29, Infinity),
      withValue(7, "h.1.attn.c_attn.weight", 50, -Infinity),
      withValue(8, "ln_f.bias", 5, NaN),
      withValue(9, "h.0.mlp.c_fc.bias", 23, -(2 ** 51)),
    ];
    const steps = [bad[0], good[0], bad[1], bad[2], good[1], bad[3], bad[4], good[2]];
    const { skipped, end } = await after(gpu, ODD, make, steps);
    assertEquals(skipped, [1, 0, 1, 1, 0, 1, 1, 0]);
    assertEquals(end, expected.end);
  });

  Deno.test(`${name}: gradients that are merely large make a step, of finite weights`, async () => {
    const { skipped, end } = await after(gpu, ODD, make, [
      withValue(2, "wte.weight", 3, 2 ** 50),
      withValue(2, "h.0.attn.c_proj.weight", 3, -(2 ** 50)),
      withValue(2, "ln_f.weight", 3, 2 ** 50),
      randomWeights(ODD, 3),
    ]);
    assertEquals(skipped, [0, 0, 0, 0]);
    assertFinite(end.weights);
    assertFinite(end.evaluated);
  });
}

Deno.test("a gradient that is not finite is found in every binding of wte", async () => {
  const size = 263 * 65;
  for (const index of [0, size - 1]) {
    const gradients = withValue(2, "wte.weight", index, NaN, LARGE_VOCABULARY);
    const { skipped } = await after(slim, LARGE_VOCABULARY, OPTIMIZERS.sgd, [gradients]);
    assertEquals(skipped, [1], `${index}`);
  }
});

Deno.test("vectors that are not trained are not looked at", async () => {
  const make: Make = (target) => new Agd(target, { vectors: "none" });
  const { skipped } = await after(gpu, ODD, make, [withValue(2, "ln_f.bias", 0, NaN)]);
  assertEquals(skipped, [0]);
});
