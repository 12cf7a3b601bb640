import {
  assertEquals,
  assertGreater,
  assertLess,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { collectVocabulary } from "../../src/data/token_stream.ts";
import { fullVocabulary } from "../../src/tokens/vocabulary.ts";
import { Gpu } from "../../src/gpu/gpu.ts";
import type { Gpt2Config } from "../../src/model/config.ts";
import { FULL_VOCABULARY_SIZE, PRESETS } from "../../src/model/config.ts";
import { Gpt2 } from "../../src/model/gpt2.ts";
import { parameterCount } from "../../src/model/parameters.ts";
import { AdamW } from "../../src/optim/adamw.ts";
import { Agd } from "../../src/optim/agd/agd.ts";
import type { OptimizerTarget } from "../../src/optim/optimizer.ts";
import { Sgd } from "../../src/optim/sgd.ts";
import { estimateTraining, measureTraining } from "../../src/train/memory.ts";
import { trainToDirectory } from "../../src/run/run.ts";
import { Trainer } from "../../src/train/trainer.ts";
import { jsonl, TempDir, texts } from "../data/fixtures.ts";
import { LARGE_VOCABULARY, ODD, randomBatch, SLIM, smallVocabulary } from "../model/helpers.ts";
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
      using trainer = new Trainer(model, options);
      const batch = randomBatch(config, 3, 1);
      await trainer.step(batch, true);
      await trainer.loss(batch);
      assertEquals(bytes, on.allocatedBytes - before);
    }
  });
}

Deno.test("measureTraining measures gpt2 without allocating anything", () => {
  assertEquals(parameterCount(GPT2), 124_439_808);
  const before = gpu.allocatedBytes;
  const measure = (name: keyof typeof OPTIMIZERS, measuresTasks: boolean) => {
    const options = { batch: 1, optimizer: OPTIMIZERS[name], measuresTasks };
    return measureTraining(gpu, GPT2, fullVocabulary(), options).bytes;
  };
  const [agd, sgd] = [measure("agd, spectral", false), measure("sgd", false)];
  assertEquals(gpu.allocatedBytes, before);
  // Weights, gradients and velocity; AGD has an average of the weights and a workspace besides.
  assertGreater(sgd, 3 * 4 * 124_439_808);
  assertGreater(agd, sgd + 4 * 124_439_808);
  assertLess(agd, 4 * 2 ** 30);
  assertGreater(measure("sgd", true), sgd + 4 * 128 * 50_260); // the logits of some rows, and more
});

/** Counts the bytes of what a device holds: the most of the GPU's, and of the host's. */
function watchMemory({ device }: Gpu): { most: { bytes: number; hostBytes: number } } {
  const now = { bytes: 0, hostBytes: 0 };
  const most = { ...now };
  const count = (of: "bytes" | "hostBytes", bytes: number, what: GPUBuffer | GPUTexture) => {
    now[of] += bytes;
    most[of] = Math.max(most[of], now[of]);
    const destroy = what.destroy.bind(what);
    what.destroy = () => {
      destroy();
      now[of] -= bytes;
    };
  };
  const createBuffer = device.createBuffer.bind(device);
  device.createBuffer = (descriptor) => {
    const buffer = createBuffer(descriptor);
    const isOfHost = descriptor.usage & GPUBufferUsage.MAP_READ;
    count(isOfHost ? "hostBytes" : "bytes", descriptor.size, buffer);
    return buffer;
  };
  const createTexture = device.createTexture.bind(device);
  device.createTexture = (descriptor) => {
    const texture = createTexture(descriptor);
    const texelBytes = descriptor.format === "rgba32float" ? 16 : 4;
    count("bytes", texture.width * texture.height * texelBytes, texture);
    return texture;
  };
  return { most };
}

Deno.test("measureTraining is within 5% of all that a run has at once", async () => {
  await using directory = new TempDir();
  const data = [await directory.write("corpus.jsonl", jsonl(texts(200, 40)))];
  const { vocabulary } = await collectVocabulary(data);
  const architecture = { layers: 4, heads: 2, width: 48, context: 32 };
  const config = { ...architecture, vocabularySize: vocabulary.size, bias: true, affine: true };
  for (const recompute of [false, true]) {
    const options = {
      ...{ batch: 4, accumulate: 2, recompute, sampleTokens: 20, saves: true },
      optimizer: (target: OptimizerTarget) => new Agd(target),
    };
    using own = await Gpu.open();
    const { bytes, hostBytes, refusal } = measureTraining(own, config, vocabulary, options);
    assertEquals(refusal, undefined);
    const { most } = watchMemory(own);
    using model = await Gpt2.create(own, architecture, { vocabulary });
    await trainToDirectory(model, {
      ...{ ...options, data, out: `${directory.path}/${recompute}`, steps: 3, seed: 1 },
      ...{ evalEvery: 1, evalBatches: 2, sampleEvery: 1, onSample: () => {} },
    });
    assertLess(Math.abs(bytes / most.bytes - 1), 0.05, `${bytes} and ${most.bytes}`);
    assertLess(Math.abs(hostBytes / most.hostBytes - 1), 0.05, `${hostBytes}, ${most.hostBytes}`);
  }
});

Deno.test("estimateTraining: as measured, or from batches of 1 and 2 where none is held", () => {
  const config = { ...ODD, layers: 3, width: 40, context: 1024 };
  const options = { batch: 40, optimizer: OPTIMIZERS["sgd"] };
  const vocabulary = smallVocabulary(11);
  const measured = measureTraining(gpu, config, vocabulary, options);
  assertEquals(estimateTraining(gpu, config, vocabulary, options), measured);
  const get = (limits: GPUSupportedLimits, name: keyof GPUSupportedLimits) =>
    name === "maxBufferSize" ? 4e6 : limits[name];
  const value = new Proxy(gpu.device.limits, { get });
  Object.defineProperty(gpu.device, "limits", { value, configurable: true });
  try {
    const estimated = estimateTraining(gpu, config, vocabulary, options)!;
    // Textures are as large as the largest tensor that is read so.
    assertLess(Math.abs(estimated.bytes / measured.bytes - 1), 0.05);
    const wide = { ...config, width: 1000, heads: 1 };
    assertEquals(estimateTraining(gpu, wide, vocabulary, options), undefined);
  } finally {
    Reflect.deleteProperty(gpu.device, "limits");
  }
});

Deno.test("measureTraining names what the adapter cannot hold", () => {
  const config = { ...LARGE_VOCABULARY, width: 66 };
  const { bytes, refusal } = measureTraining(slim, config, smallVocabulary(263), {
    batch: 1,
    optimizer: OPTIMIZERS["sgd"],
  });
  assertGreater(bytes, 0);
  assertMatch(refusal!, /^[^\n]+ bytes, but the adapter "[^\n]+" allows 67,600$/);
});

Deno.test("a measurement that failed leaves the GPU usable", async () => {
  assertStringIncludes(gpu.measure(() => gpu.tensor("huge", [2 ** 40])).refusal!, "huge");
  const tensor = gpu.tensorFrom("test", [2], Float32Array.of(1, 2));
  assertEquals([...await gpu.read(tensor)], [1, 2]);
  gpu.free(tensor);
});
