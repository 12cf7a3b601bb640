import {
  assertEquals,
  assertGreater,
  assertLess,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { fullVocabulary } from "../../src/data/vocabulary.ts";
import { UserError } from "../../src/errors.ts";
import type { Gpt2Config } from "../../src/model/config.ts";
import { FULL_VOCABULARY_SIZE, PRESETS } from "../../src/model/config.ts";
import { Gpt2 } from "../../src/model/gpt2.ts";
import { parameterCount } from "../../src/model/parameters.ts";
import { AdamW } from "../../src/optim/adamw.ts";
import { Agd } from "../../src/optim/agd.ts";
import type { OptimizerTarget } from "../../src/optim/optimizer.ts";
import { Sgd } from "../../src/optim/sgd.ts";
import { canAllocate, checkMemory, measureTraining } from "../../src/train/dry_run.ts";
import { Trainer } from "../../src/train/trainer.ts";
import { LARGE_VOCABULARY, ODD, SLIM, smallVocabulary } from "../model/helpers.ts";
import { openTestGpu } from "../ops/helpers.ts";

const gpu = await openTestGpu();
const slim = await openTestGpu(SLIM);

const OPTIMIZERS = {
  "agd, spectral": (target: OptimizerTarget) => new Agd(target),
  "agd, frobenius": (target: OptimizerTarget) => new Agd(target, { norm: "frobenius" }),
  adamw: (target: OptimizerTarget) => new AdamW(target, { learningRate: 1 }),
  sgd: (target: OptimizerTarget) => new Sgd(target, { learningRate: 1 }),
};
const GPT2: Gpt2Config = {
  ...{ ...PRESETS.gpt2, vocabularySize: FULL_VOCABULARY_SIZE, bias: true, affine: true },
};

for (const [name, optimizer] of Object.entries(OPTIMIZERS)) {
  Deno.test(`measureTraining is what training takes, to the byte: ${name}`, async () => {
    const cases = [
      [gpu, ODD],
      [gpu, { ...ODD, bias: false, affine: false }],
      [slim, LARGE_VOCABULARY],
    ] as const;
    for (const [on, config] of cases) {
      const vocabulary = smallVocabulary(config.vocabularySize);
      const before = on.allocatedBytes;
      const options = { batch: 3, optimizer };
      const { bytes } = measureTraining(on, config, vocabulary, options);
      assertEquals(on.allocatedBytes, before);
      using model = await Gpt2.create(on, config, { vocabulary, initialisation: "normal" });
      using _trainer = new Trainer(model, options);
      assertEquals(bytes, on.allocatedBytes - before);
    }
  });
}

Deno.test("measureTraining measures gpt2 without allocating anything", () => {
  assertEquals(parameterCount(GPT2), 124_439_808);
  const before = gpu.allocatedBytes;
  const start = performance.now();
  const [agd, sgd] = ["agd, spectral", "sgd"].map((name) => {
    const optimizer = OPTIMIZERS[name as keyof typeof OPTIMIZERS];
    return measureTraining(gpu, GPT2, fullVocabulary(), { batch: 1, optimizer }).bytes;
  });
  assertLess(performance.now() - start, 5000);
  assertEquals(gpu.allocatedBytes, before);
  // Weights, gradients and velocity; AGD has an average of the weights and a workspace besides.
  assertGreater(sgd, 3 * 4 * 124_439_808);
  assertGreater(agd, sgd + 4 * 124_439_808);
  assertLess(agd, 4 * 2 ** 30);
});

Deno.test("measureTraining names what the adapter cannot hold", () => {
  const config = { ...LARGE_VOCABULARY, width: 66 };
  const { bytes, refusal } = measureTraining(slim, config, smallVocabulary(263), {
    batch: 1,
    optimizer: OPTIMIZERS["sgd"],
  });
  assertGreater(bytes, 0);
  const { message } = refusal!;
  assertEquals(message.split("\n").length, 1);
  assertEquals(message.includes("bytes, but the adapter"), true, message);
});

Deno.test("a measurement that failed leaves the GPU usable", async () => {
  assertStringIncludes(gpu.measure(() => gpu.tensor("huge", [2 ** 40])).refusal!.message, "huge");
  const tensor = gpu.tensorFrom("test", [2], Float32Array.of(1, 2));
  assertEquals([...await gpu.read(tensor)], [1, 2]);
  gpu.free(tensor);
});

Deno.test("canAllocate: a little, but not more than any machine has", async () => {
  assertEquals(await canAllocate(gpu, 1000), true);
  assertEquals(await canAllocate(gpu, 2 ** 60), false);
});

Deno.test("checkMemory: an error where the memory is not there", async () => {
  const vocabulary = smallVocabulary(11);
  const options = { batch: 8, optimizer: OPTIMIZERS["sgd"] };
  await checkMemory(gpu, measureTraining(gpu, ODD, vocabulary, options));
  // A terabyte of activations, in pieces that the adapter would bind.
  const huge = { ...ODD, layers: 2000, width: 1024, context: 1024 };
  await assertRejects(
    () => checkMemory(gpu, measureTraining(gpu, huge, vocabulary, options)),
    UserError,
    "of memory, which the adapter",
  );
});
