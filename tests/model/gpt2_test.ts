import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { UsageError } from "../../src/errors.ts";
import { Gpt2 } from "../../src/model/gpt2.ts";
import { parameterTable } from "../../src/model/parameters.ts";
import { openTestGpu } from "../ops/helpers.ts";
import { ODD, readTensors, smallVocabulary } from "./helpers.ts";

const gpu = await openTestGpu();
const vocabulary = smallVocabulary(13);

Deno.test("Gpt2.create: the vocabulary's size becomes the model's", async () => {
  using model = await Gpt2.create(gpu, ODD, { vocabulary });
  assertEquals(model.config, { ...ODD, vocabularySize: 13 });
  assertEquals(model.table, parameterTable(model.config));
  assertEquals([...model.weights.keys()], model.table.map(({ name }) => name));
  assertEquals(model.parameterCount, 13 * 6 + 5 * 6 + 2 * (12 * 36 + 13 * 6) + 2 * 6);
});

Deno.test("Gpt2.create: natural and seed 0 by default; freed as a whole", async () => {
  const before = gpu.allocatedBytes;
  const create = async (options: { initialisation?: "natural" | "normal"; seed?: number }) => {
    using model = await Gpt2.create(gpu, ODD, { vocabulary, ...options });
    return await readTensors(gpu, model.weights);
  };
  const [plain, explicit] = [
    await create({}),
    await create({ initialisation: "natural", seed: 0 }),
  ];
  assertEquals(plain, explicit);
  assertNotEquals(plain, await create({ seed: 1 }));
  assertNotEquals(plain, await create({ initialisation: "normal" }));
  assertEquals(gpu.allocatedBytes, before);
});

Deno.test("Gpt2.create: what is no model is a usage error, and nothing is allocated", async () => {
  const before = gpu.allocatedBytes;
  await assertRejects(
    () => Gpt2.create(gpu, { ...ODD, heads: 5 }, { vocabulary }),
    UsageError,
    "5 heads do not divide a width of 6",
  );
  await assertRejects(
    () => Gpt2.create(gpu, ODD, { vocabulary, seed: 0.5 }),
    UsageError,
    "seed must be an integer, not 0.5",
  );
  assertEquals(gpu.allocatedBytes, before);
});
