import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../../src/errors.ts";
import type { Gpu } from "../../src/gpu/gpu.ts";
import { rowSlices, type Tensor } from "../../src/gpu/tensor.ts";
import { allocateActivations, freeActivations } from "../../src/model/activations.ts";
import type { Gpt2Config } from "../../src/model/config.ts";
import { parameterTable, sizeOf } from "../../src/model/parameters.ts";
import { clearPlan, gradientPlan, lossPlan, uploadBatch } from "../../src/model/passes.ts";
import { allocateLike } from "../../src/model/weights.ts";
import { logitRows, paddedVocabulary } from "../../src/ops/cross_entropy.ts";
import { lossAndGradients } from "../reference/gpt2.ts";
import { assertClose, BACKWARD, FORWARD, onKind, openTestGpu } from "../ops/helpers.ts";
import {
  LARGE_VOCABULARY,
  ODD,
  randomBatch,
  randomWeights,
  readTensors,
  SLIM,
  uploadTensors,
} from "./helpers.ts";

const gpu = await openTestGpu();
const slim = await openTestGpu(SLIM);

/**
 * Compares loss and gradients of a batch of B with the reference's, twice over, and with those
 * from recomputed activations.
 */
async function check(gpu: Gpu, config: Gpt2Config, B: number, scale = 0.3) {
  const parameters = randomWeights(config, 1, scale);
  const batch = randomBatch(config, B, 2);
  const expected = lossAndGradients(config, parameters, batch.inputs, batch.targets, B);

  const weights = uploadTensors(gpu, config, parameters);
  const trainable = parameterTable(config).filter((spec) => spec.trainable);
  const gradients = allocateLike(gpu, trainable, "gradient");
  const sizes = { batch: B, length: config.context };
  const activations = allocateActivations(gpu, config, { ...sizes, backward: true });
  const plan = gradientPlan(gpu, config, weights, activations, gradients);
  uploadBatch(gpu, config, activations, batch);
  const clear = clearPlan(gpu, gradients);
  for (let run = 0; run < 2; run++) { // nothing of the first run may be left in the gradients
    clear.run();
    plan.run();
  }
  const [loss] = await gpu.read(activations.outer.loss);
  assertClose([loss], [expected.loss], FORWARD, "loss");
  assertClose(await gpu.read(activations.outer.losses), expected.losses, FORWARD, "losses");
  const actual = await readTensors(gpu, gradients);
  assertEquals([...actual.keys()], [...expected.gradients.keys()]);
  for (const [name, gradient] of expected.gradients) {
    assertClose(actual.get(name)!, gradient, BACKWARD, name);
  }

  const recomputed = allocateActivations(gpu, config, {
    ...sizes,
    backward: true,
    recompute: true,
  });
  uploadBatch(gpu, config, recomputed, batch);
  clear.run();
  const finished = new Map<Tensor, Float32Array>();
  for (const tensors of gradientPlan(gpu, config, weights, recomputed, gradients).parts()) {
    for (const tensor of tensors) finished.set(tensor, await gpu.read(tensor));
  }
  for (const [name, tensor] of gradients) {
    assertEquals(
      finished.get(tensor),
      actual.get(name),
      `${name} when the plan says it is finished`,
    );
  }
  assertEquals((await gpu.read(recomputed.outer.loss))[0], loss, "the loss of the recomputed");
  assertEquals(await readTensors(gpu, gradients), actual, "the gradients of the recomputed");

  const without = allocateActivations(gpu, config, { ...sizes, backward: false });
  const forward = lossPlan(gpu, config, weights, without);
  uploadBatch(gpu, config, without, batch);
  forward.run();
  assertEquals((await gpu.read(without.outer.loss))[0], loss, "the loss without a gradient");

  freeActivations(gpu, activations);
  freeActivations(gpu, without);
  freeActivations(gpu, recomputed);
  gpu.free(...weights.values(), ...gradients.values());
}

Deno.test("passes: loss and every gradient of an odd-sized model are the reference's", async () => {
  await check(gpu, ODD, 3);
});

Deno.test("passes: the same without trained biases", async () => {
  await check(gpu, { ...ODD, bias: false }, 2);
});

Deno.test("passes: the same without trained gains", async () => {
  await check(gpu, { ...ODD, affine: false }, 2);
});

Deno.test("passes: the same of a single token", async () => {
  await check(gpu, { ...ODD, context: 1, layers: 1, heads: 1 }, 1);
});

/** Rows that are whole vec4s, but for the vocabulary: 2 sequences of 40 tokens are 80 rows. */
const EVEN: Gpt2Config = {
  ...{ layers: 2, heads: 4, width: 32, context: 40, vocabularySize: 131, bias: true, affine: true },
};

Deno.test("passes: the same where rows are whole vec4s, with a software adapter's tiles", async () => {
  await onKind(gpu, "software", () => check(gpu, EVEN, 2, 0.15));
});

Deno.test("passes: the same with a GPU's tiles", async () => {
  await onKind(gpu, "GPU", () => check(gpu, EVEN, 2, 0.15));
});

Deno.test("passes: the same where wte takes two bindings and the logits two chunks", async () => {
  const config = { ...LARGE_VOCABULARY, heads: 5, context: 13 };
  assertEquals(rowSlices(paddedVocabulary(263), 65, slim.maxBindingBytes).length, 2);
  assertEquals(logitRows(slim, 5 * 13, 263), 64);
  await check(slim, config, 5, 0.1);
});

Deno.test("passes: a batch leaves nothing behind for the next", async () => {
  const parameters = randomWeights(ODD, 3);
  const weights = uploadTensors(gpu, ODD, parameters);
  const gradients = allocateLike(gpu, parameterTable(ODD), "gradient");
  const activations = allocateActivations(gpu, ODD, { batch: 2, length: 5, backward: true });
  const plan = gradientPlan(gpu, ODD, weights, activations, gradients);
  for (const seed of [4, 5]) {
    const batch = randomBatch(ODD, 2, seed);
    const expected = lossAndGradients(ODD, parameters, batch.inputs, batch.targets, 2);
    uploadBatch(gpu, ODD, activations, batch);
    clearPlan(gpu, gradients).run();
    plan.run();
    const [loss] = await gpu.read(activations.outer.loss);
    assertAlmostEquals(loss, expected.loss, 1e-5);
    const wte = await gpu.read(gradients.get("wte.weight")!);
    assertEquals(wte.length, sizeOf([11, 6]));
    assertClose(wte, expected.gradients.get("wte.weight")!, BACKWARD, `batch ${seed}`);
  }
});

Deno.test("passes: tokens that the vocabulary does not have are refused", () => {
  const activations = allocateActivations(gpu, ODD, { batch: 1, length: 5, backward: true });
  const good = Uint32Array.of(0, 10, 3, 2, 10);
  uploadBatch(gpu, ODD, activations, { inputs: good, targets: good });
  const bad = good.with(3, 11);
  const message = "token 11, number 3 of the batch, is not one of the model's 11 tokens, 0 to 10";
  for (const batch of [{ inputs: bad, targets: good }, { inputs: good, targets: bad }]) {
    assertThrows(() => uploadBatch(gpu, ODD, activations, batch), UsageError, message);
  }
});
