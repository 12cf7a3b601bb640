import { assert, assertAlmostEquals, assertEquals, assertLess } from "@std/assert";
import type { Gpt2Config } from "../../../src/model/config.ts";
import { type ParameterSpec, parameterTable } from "../../../src/model/parameters.ts";
import { Agd } from "../../../src/optim/agd/agd.ts";
import type { AgdNorm } from "../../../src/optim/agd/options.ts";
import type { OptimizerTarget } from "../../../src/optim/optimizer.ts";
import { Gpt2 } from "../../../src/model/gpt2.ts";
import { Trainer } from "../../../src/train/trainer.ts";
import {
  LARGE_VOCABULARY,
  ODD,
  randomBatch,
  randomWeights,
  readTensors,
  SLIM,
  smallVocabulary,
} from "../../model/helpers.ts";
import { assertClose, onKind, openTestGpu } from "../../ops/helpers.ts";
import type { Tensors } from "../../reference/gpt2.ts";
import { Agd as ReferenceAgd } from "../../reference/optimizers/agd.ts";
import { polar } from "../../reference/optimizers/polar.ts";
import {
  assertFinite,
  assertUnchanged,
  Bench,
  checkFiveSteps,
  checkZeroGradients,
  CONFIGS,
} from "../helpers.ts";

const gpu = await openTestGpu();
const slim = await openTestGpu(SLIM);
/** p of the first step. */
const FIRST = Math.sqrt(1 - 0.8 ** 2);
const NORMS: AgdNorm[] = ["spectral", "frobenius"];

for (const norm of NORMS) {
  const make = (target: OptimizerTarget) => new Agd(target, { norm });
  const reference = (table: ParameterSpec[], initial: Tensors) => {
    const agd = new ReferenceAgd(table, initial, { norm });
    // The published method evaluates on the weights themselves.
    return norm === "spectral" ? agd : { step: agd.step.bind(agd) };
  };

  for (const [name, config] of Object.entries(CONFIGS)) {
    Deno.test(`agd, ${norm}: five steps are the reference's: ${name}`, async () => {
      await checkFiveSteps(gpu, config, make, reference);
    });
  }

  Deno.test(`agd, ${norm}: five steps are the reference's: a GPU's kernels`, async () => {
    await onKind(gpu, "GPU", () => checkFiveSteps(gpu, ODD, make, reference));
  });

  Deno.test(`agd, ${norm}: five steps are the reference's: wte in several bindings`, async () => {
    await checkFiveSteps(slim, LARGE_VOCABULARY, make, reference);
  });

  Deno.test(`agd, ${norm}: zero gradients change nothing and give no NaN`, async () => {
    await checkZeroGradients(gpu, make);
  });

  Deno.test(`agd, ${norm}: the step size's check values`, async () => {
    const weights = randomWeights(ODD, 4);
    const L = norm === "spectral" ? 10 : 14;
    // The only layer with a gradient has the whole of proportional shares.
    const share = norm === "spectral" ? FIRST : 1 / L;
    // wpe: 5 to 6, so its natural size is that root; by rows it is ln V / √C.
    const scale = norm === "spectral" ? Math.log(11) / Math.sqrt(6) : Math.sqrt(6 / 5);
    for (const [G, eta] of [[0, 0], [1, 0.481212], [2, 0.693147], [6, 1.098612]]) {
      using bench = new Bench(gpu, ODD, weights, make);
      const gradient = new Float64Array(30);
      gradient[8] = G * L / scale;
      const after = await bench.step(new Map([["wpe.weight", gradient]]));
      const [, actualEta, actualG] = await gpu.read(bench.optimizer.summary!);
      assertAlmostEquals(actualG, G, 1e-5);
      assertAlmostEquals(actualEta, eta, 1e-6);
      const moved = weights.get("wpe.weight")![8] - after.get("wpe.weight")![8];
      assertAlmostEquals(moved, eta * share * scale, 1e-6);
    }
  });

  Deno.test(`agd, ${norm}: a small G keeps its digits`, async () => {
    using bench = new Bench(gpu, ODD, randomWeights(ODD, 4), make);
    for (const size of [1e-8, 1e-4, 0.1, 0.3]) {
      const gradients = randomWeights(ODD, 5, size);
      await bench.step(gradients);
      const [, eta, G] = await gpu.read(bench.optimizer.summary!);
      assert(G > 0);
      const x = 2 * G / (1 + Math.sqrt(1 + 4 * G));
      assertLess(Math.abs(eta / Math.log1p(x) - 1), 1e-6);
    }
  });

  Deno.test(`agd, ${norm}: gradients so small that their squares vanish give no NaN`, async () => {
    for (const size of [1e-18, 1e-19, 1e-20, 1e-22, 1e-30, 1e-38]) {
      using bench = new Bench(gpu, ODD, randomWeights(ODD, 6), make);
      assertFinite(await bench.step(randomWeights(ODD, 7, size)));
      assert((await gpu.read(bench.optimizer.summary!)).every(Number.isFinite), `${size}`);
    }
  });

  Deno.test(`agd, ${norm}: parameters that are not trained stay as they are`, async () => {
    const config = { ...ODD, bias: false, affine: false };
    const weights = randomWeights(config, 8);
    // Values that no training would leave alone.
    const fixed = parameterTable(config).filter((spec) => !spec.trainable);
    for (const { name } of fixed) weights.get(name)!.fill(0.25);
    using bench = new Bench(gpu, config, weights, make);
    const after = await bench.step(randomWeights(config, 9));
    const names = fixed.map(({ name }) => name);
    assertUnchanged(after, weights, names);
    assertUnchanged(await readTensors(gpu, bench.optimizer.evaluationWeights), weights, names);
  });
}

Deno.test("agd, spectral: the average starts as the weights", async () => {
  const weights = randomWeights(ODD, 10);
  using bench = new Bench(gpu, ODD, weights, (target) => new Agd(target));
  assertUnchanged(await readTensors(gpu, bench.optimizer.evaluationWeights), weights);
});

Deno.test("agd, frobenius: what is evaluated is the weights themselves", () => {
  using bench = new Bench(
    ...[gpu, ODD, randomWeights(ODD, 10)] as const,
    (target) => new Agd(target, { norm: "frobenius" }),
  );
  assertEquals(bench.optimizer.evaluationWeights, bench.target.weights);
});

Deno.test("agd, spectral: two groups of heads move each along its own polar factor, of query, key and value", async () => {
  const weights = randomWeights(ODD, 11);
  const gradient = new Float64Array(6 * 18);
  // The key's: one element in each of its heads, and so in each polar factor.
  gradient[2 * 18 + 6] = 4;
  gradient[2 * 18 + 9] = -0.5;
  using bench = new Bench(gpu, ODD, weights, (target) => new Agd(target));
  const after = await bench.step(new Map([["h.1.attn.c_attn.weight", gradient]]));
  const [, eta] = await gpu.read(bench.optimizer.summary!);
  const one = polar(Float64Array.of(1), 1, 1)[0];
  const expected = weights.get("h.1.attn.c_attn.weight")!.slice();
  expected[2 * 18 + 6] -= FIRST * eta * one;
  expected[2 * 18 + 9] += FIRST * eta * one;
  const actual = after.get("h.1.attn.c_attn.weight")!;
  actual.forEach((value, i) => assertAlmostEquals(value, expected[i], 1e-6, `${i}`));
  const others = [...weights.keys()].filter((name) => name !== "h.1.attn.c_attn.weight");
  assertUnchanged(after, weights, others);
});

Deno.test("agd: how far a step goes does not depend on the weights, loaded ones included", async () => {
  const gradients = randomWeights(ODD, 13);
  for (const norm of NORMS) {
    const moved = await Array.fromAsync([1, 20], async (size) => {
      const weights = randomWeights(ODD, 14, size);
      using bench = new Bench(gpu, ODD, weights, (target) => new Agd(target, { norm }));
      const after = await bench.step(gradients);
      return [...after].flatMap(([name, values]) =>
        Array.from(values, (value, i) => value - weights.get(name)![i])
      );
    });
    assert(moved[0].some((distance) => Math.abs(distance) > 1e-3));
    // Weights 20 times as large keep fewer digits of what they move by.
    moved[0].forEach((distance, i) => assertAlmostEquals(distance, moved[1][i], 1e-5));
  }
});

Deno.test("agd, spectral: the decay of momentum grows as the reference's", async () => {
  const weights = randomWeights(ODD, 15);
  const options = { momentum: 0.5 }; // grows from step 31 on
  const references = [{}, { growth: false }].map((growth) => {
    const parameters: Tensors = new Map(
      [...weights].map(([name, values]) => [name, values.slice()]),
    );
    return {
      parameters,
      agd: new ReferenceAgd(parameterTable(ODD), weights, { ...options, ...growth }),
    };
  });
  using bench = new Bench(gpu, ODD, weights, (target) => new Agd(target, options));
  let after = new Map<string, Float32Array>();
  for (let step = 1; step <= 60; step++) {
    const gradients = randomWeights(ODD, 100 + step);
    after = await bench.step(gradients);
    for (const { parameters, agd } of references) agd.step(parameters, gradients);
  }
  const [grown, fixed] = references.map(({ parameters }) => parameters.get("wte.weight")!);
  assertClose(after.get("wte.weight")!, grown, 1e-3, "wte.weight");
  assert(grown.some((value, i) => Math.abs(value - fixed[i]) > 0.05), "without growth it differs");
});

Deno.test("agd, spectral: learns a batch by heart with nothing tuned", async () => {
  const { vocabularySize, ...architecture }: Gpt2Config = {
    ...{ layers: 2, heads: 2, width: 16, context: 8, vocabularySize: 30 },
    ...{ bias: true, affine: true },
  };
  using model = await Gpt2.create(gpu, architecture, {
    vocabulary: smallVocabulary(vocabularySize),
  });
  using trainer = new Trainer(model, { batch: 4, optimizer: (target) => new Agd(target) });
  const batch = randomBatch(model.config, 4, 12);
  const first = (await trainer.step(batch)).loss;
  assert(first > 3, `${first}`);
  let last = first;
  for (let step = 0; step < 80; step++) last = (await trainer.step(batch)).loss;
  assertLess(last, 0.1);
  assertLess(await trainer.loss(batch), 0.1, "averaged weights");
});
