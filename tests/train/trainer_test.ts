import {
  assert,
  assertEquals,
  assertGreater,
  assertLess,
  assertNotEquals,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { UsageError } from "../../src/errors.ts";
import { Gpt2 } from "../../src/model/gpt2.ts";
import type { Batch } from "../../src/tokens/batch.ts";
import { AdamW } from "../../src/optim/adamw.ts";
import { Agd } from "../../src/optim/agd/agd.ts";
import type { AgdNorm } from "../../src/optim/agd/options.ts";
import type { Optimizer, OptimizerTarget } from "../../src/optim/optimizer.ts";
import { Sgd } from "../../src/optim/sgd.ts";
import { Trainer } from "../../src/train/trainer.ts";
import {
  modelOf,
  ODD,
  randomBatch,
  randomWeights,
  readTensors,
  SLIM,
  smallVocabulary,
} from "../model/helpers.ts";
import { assertClose, FORWARD, openTestGpu } from "../ops/helpers.ts";
import { forward } from "../reference/gpt2.ts";
import { Agd as ReferenceAgd } from "../reference/optimizers/agd.ts";
import { lossAndGradients } from "../reference/gpt2.ts";

const gpu = await openTestGpu();
const slim = await openTestGpu(SLIM);
/** A model whose wte fits a binding of {@linkcode SLIM} in 16 bits, but not in 32. */
const WIDE_VOCABULARY = { ...ODD, layers: 1, heads: 31, width: 62, vocabularySize: 301 };
const BATCHES = Array.from({ length: 6 }, (_, i) => randomBatch(ODD, 2, i));
const vocabulary = smallVocabulary(ODD.vocabularySize);

const agd = (target: OptimizerTarget) => new Agd(target);

/** Trains a new model on the batches; returns all results. */
async function results(seed: number, batches: Batch[], norm: AgdNorm = "spectral") {
  using model = await Gpt2.create(gpu, ODD, { vocabulary, seed });
  using trainer = new Trainer(model, { batch: 2, optimizer: (t) => new Agd(t, { norm }) });
  const results = [];
  for (const batch of batches) results.push(await trainer.step(batch));
  return results;
}

Deno.test("trainer: the same seed and batches give the same losses, bit for bit", async () => {
  for (const norm of ["spectral", "frobenius"] as const) {
    const first = await results(7, BATCHES, norm);
    assertEquals(await results(7, BATCHES, norm), first);
    const other = await results(8, BATCHES, norm);
    other.forEach(({ loss }, i) => assertNotEquals(loss, first[i].loss));
  }
});

Deno.test("trainer: steps submitted ahead of the results are the same", async () => {
  const expected = await results(7, BATCHES);
  using model = await Gpt2.create(gpu, ODD, { vocabulary, seed: 7 });
  using trainer = new Trainer(model, { batch: 2, optimizer: agd });
  assertEquals(await Promise.all(BATCHES.map((batch) => trainer.step(batch))), expected);
});

/** The batch whose sequences are those of all of these. */
function joined(batches: readonly Batch[]): Batch {
  const join = (key: "inputs" | "targets") =>
    Uint32Array.from(batches.flatMap((batch) => [...batch[key]]));
  return { inputs: join("inputs"), targets: join("targets") };
}

Deno.test("trainer: micro-batches give what one batch gives, up to rounding", async () => {
  const batch = joined(BATCHES);
  const probe = joined(BATCHES.toReversed());
  const optimizer = (target: OptimizerTarget) => new Sgd(target, { learningRate: 0.1 });
  const train = async (options: { batch: number; accumulate?: number }) => {
    using model = modelOf(gpu, ODD, randomWeights(ODD, 1));
    using trainer = new Trainer(model, { ...options, optimizer });
    const first = await trainer.step(batch);
    const losses = [first.loss, await trainer.loss(probe), (await trainer.step(batch)).loss];
    return { losses, weights: await readTensors(gpu, model.weights) };
  };
  const whole = await train({ batch: 12 });
  assert(whole.losses[2] < whole.losses[0]);
  for (const [accumulate, size] of [[1, 12], [2, 6], [6, 2], [12, 1]]) {
    const { losses, weights } = await train({ batch: size, accumulate });
    assertClose(losses, whole.losses, FORWARD, `${accumulate} times ${size}`);
    for (const [name, values] of whole.weights) assertClose(weights.get(name)!, values, 1e-4, name);
    if (accumulate === 1) assertEquals({ losses, weights }, whole);
  }
});

Deno.test("trainer: recomputed activations change no bit, and take less memory", async () => {
  const config = { ...ODD, layers: 5, context: 12 };
  const batches = [7, 8, 9].map((seed) => randomBatch(config, 2, seed));
  const train = async (recompute: boolean) => {
    const before = gpu.allocatedBytes;
    using model = modelOf(gpu, config, randomWeights(config, 1));
    using trainer = new Trainer(model, { batch: 2, recompute, optimizer: agd });
    const bytes = gpu.allocatedBytes - before;
    const losses = [];
    for (const batch of batches) losses.push(await trainer.step(batch));
    return { bytes, losses, weights: await readTensors(gpu, model.weights) };
  };
  const [kept, recomputed] = [await train(false), await train(true)];
  assertEquals([recomputed.losses, recomputed.weights], [kept.losses, kept.weights]);
  // Of the 10 floats that each of 24 tokens and 6 channels keeps in a block, 9 are shared by 5.
  assertGreater(kept.bytes - recomputed.bytes, 4 * 9 * 24 * 6 * 4);
});

Deno.test("trainer: a loss is that of the evaluated weights, and does not disturb training", async () => {
  const parameters = randomWeights(ODD, 1);
  const reference = new ReferenceAgd([...modelOf(gpu, ODD, parameters).table], parameters);
  using model = modelOf(gpu, ODD, parameters);
  using trainer = new Trainer(model, { batch: 2, optimizer: agd });
  const probe = randomBatch(ODD, 2, 9);
  const expectLoss = async (what: string) => {
    const { loss } = forward(ODD, reference.average, probe.inputs, probe.targets, 2);
    assertClose([await trainer.loss(probe)], [loss], 1e-4, what);
  };
  await expectLoss("before training");
  for (const batch of BATCHES.slice(0, 3)) {
    const { loss, gradients } = lossAndGradients(
      ...[ODD, parameters, batch.inputs, batch.targets, 2] as const,
    );
    assertClose([(await trainer.step(batch)).loss], [loss], 1e-4);
    reference.step(parameters, gradients);
    await expectLoss("after a step");
  }
});

Deno.test("trainer: the loss is measured before the update", async () => {
  const parameters = randomWeights(ODD, 2);
  using model = modelOf(gpu, ODD, parameters);
  using trainer = new Trainer(model, {
    batch: 2,
    optimizer: (target) => new Sgd(target, { learningRate: 0.1 }),
  });
  const [batch] = BATCHES;
  const { loss } = forward(ODD, parameters, batch.inputs, batch.targets, 2);
  assertEquals(await trainer.loss(batch), (await trainer.step(batch)).loss);
  using again = modelOf(gpu, ODD, parameters);
  using other = new Trainer(again, { batch: 2, optimizer: agd });
  assertClose([(await other.step(batch)).loss], [loss], FORWARD);
});

Deno.test("trainer: eta and G are told by AGD only", async () => {
  using model = modelOf(gpu, ODD, randomWeights(ODD, 3));
  using first = new Trainer(model, { batch: 2, optimizer: agd });
  const { eta, gradientSummary } = await first.step(BATCHES[0]);
  assert(eta! > 0 && gradientSummary! > eta!);
  using second = new Trainer(model, {
    batch: 2,
    optimizer: (target) => new AdamW(target, { learningRate: 0.01 }),
  });
  assertEquals(Object.keys(await second.step(BATCHES[0])), ["loss", "skipped"]);
});

Deno.test({
  name: "trainer: after the first step the host makes nothing anew, but submits what it has",
  fn: async () => {
    using model = modelOf(gpu, ODD, randomWeights(ODD, 1, 0.1));
    using trainer = new Trainer(model, { batch: 2, optimizer: agd });
    await trainer.step(randomBatch(ODD, 2, 0));
    const { device } = gpu;
    const made: string[] = [];
    const methods = [
      "createBuffer",
      "createBindGroup",
      "createComputePipeline",
      "createShaderModule",
    ] as const;
    for (const name of methods) {
      const original = (device[name] as (...args: unknown[]) => unknown).bind(device);
      const spy = (...args: unknown[]) => {
        made.push(name);
        return original(...args);
      };
      Object.defineProperty(device, name, { value: spy, configurable: true });
    }
    try {
      for (let step = 1; step < 4; step++) {
        await trainer.step(randomBatch(ODD, 2, step));
        assertGreater(trainer.hostMs, 0);
      }
    } finally {
      for (const name of methods) Reflect.deleteProperty(device, name);
    }
    assertEquals(made, []);
  },
});

Deno.test("trainer: frees all but the model", () => {
  using model = modelOf(gpu, ODD, randomWeights(ODD, 4));
  const before = gpu.allocatedBytes;
  const optimizers = [
    agd,
    (target: OptimizerTarget) => new Agd(target, { norm: "frobenius" }),
    (target: OptimizerTarget) => new AdamW(target, { learningRate: 1 }),
    (target: OptimizerTarget) => new Sgd(target, { learningRate: 1 }),
  ];
  for (const optimizer of optimizers) {
    new Trainer(model, { batch: 2, optimizer })[Symbol.dispose]();
    assertEquals(gpu.allocatedBytes, before);
  }
});

/** Bytes that the process grows by a step, measured over some steps after the first ones. */
async function bytesPerStep(optimizer: (target: OptimizerTarget) => Optimizer): Promise<number> {
  using model = await Gpt2.create(gpu, ODD, { vocabulary, seed: 7 });
  using trainer = new Trainer(model, { batch: 2, optimizer });
  const train = async (rounds: number) => {
    for (let i = 0; i < rounds; i++) await Promise.all(BATCHES.map((batch) => trainer.step(batch)));
    return Deno.memoryUsage().rss;
  };
  const before = await train(8);
  return (await train(25) - before) / (25 * BATCHES.length);
}

// A driver that compiles a kernel anew at each step takes and keeps 400 kB for it.
Deno.test("trainer: memory does not grow with the steps", async () => {
  const optimizers = {
    "AGD": agd,
    "AGD as published": (target: OptimizerTarget) => new Agd(target, { norm: "frobenius" }),
    "AdamW": (target: OptimizerTarget) => new AdamW(target, { learningRate: 1e-3 }),
  };
  for (const [name, optimizer] of Object.entries(optimizers)) {
    assertLess(await bytesPerStep(optimizer), 100e3, name);
  }
});

Deno.test("trainer: impossible batches are usage errors", async () => {
  using model = modelOf(gpu, ODD, randomWeights(ODD, 5));
  for (const batch of [0, -1, 1.5, NaN]) {
    const { message } = assertThrows(
      () => new Trainer(model, { batch, optimizer: agd }),
      UsageError,
    );
    assertEquals(message, `batch must be a positive integer, not ${batch}`);
    assertThrows(
      () => new Trainer(model, { batch: 1, accumulate: batch, optimizer: agd }),
      ...[UsageError, `accumulate must be a positive integer, not ${batch}`] as const,
    );
  }
  using trainer = new Trainer(model, { batch: 2, optimizer: agd });
  const wrong = randomBatch(ODD, 3, 1);
  const { message } = assertThrows(() => trainer.step(wrong), UsageError);
  assertEquals(message, "a batch must hold 2 sequences of 5 tokens");
  await assertRejects(() => trainer.loss(wrong), UsageError, "2 sequences of 5 tokens");
  const { inputs } = BATCHES[0];
  assertThrows(() => trainer.step({ inputs, targets: wrong.targets }), UsageError);
  using accumulating = new Trainer(model, { batch: 1, accumulate: 2, optimizer: agd });
  assertThrows(
    () => accumulating.step(randomBatch(ODD, 1, 1)),
    ...[UsageError, "a batch must hold 2 sequences of 5 tokens"] as const,
  );
});

for (
  const [what, on, config] of [
    ["", gpu, ODD],
    [", with a gradient of wte larger than one binding", slim, WIDE_VOCABULARY],
  ] as const
) {
  Deno.test(`trainer: in 16 bits the losses are nearly the same, again and again${what}`, async () => {
    const batches = BATCHES.map((_, i) => randomBatch(config, 2, i));
    const vocabulary = smallVocabulary(config.vocabularySize);
    const run = async (precision: "f32" | "f16") => {
      using model = await Gpt2.create(on, config, { vocabulary, seed: 7 });
      using trainer = new Trainer(model, { batch: 2, optimizer: agd, precision });
      const results = [];
      for (const batch of batches) results.push(await trainer.step(batch));
      const scale = precision === "f16" ? 16 : undefined; // a step has 10 tokens
      assertEquals(results.map(({ lossScale }) => lossScale), results.map(() => scale));
      return [...results.map(({ loss }) => loss), await trainer.loss(batches[0])];
    };
    const losses = await run("f16");
    assertClose(losses, await run("f32"), 3e-3);
    assertEquals(await run("f16"), losses);
    assertNotEquals(losses, await run("f32"));
  });
}

Deno.test("trainer: 16 bits take an even width", async () => {
  const odd = { ...ODD, width: 15, heads: 3 };
  using model = await Gpt2.create(gpu, odd, { vocabulary });
  assertThrows(
    () => new Trainer(model, { batch: 2, optimizer: agd, precision: "f16" }),
    UsageError,
    "f16 needs an even width, not 15",
  );
});
