import { assertEquals, assertRejects } from "@std/assert";
import { UserError } from "../../../src/errors.ts";
import { writeParts } from "../../../src/checkpoint/export.ts";
import { llmcParts } from "../../../src/checkpoint/formats/llmc.ts";
import { parameterTable, sizeOf } from "../../../src/model/parameters.ts";
import { TempDir } from "../../data/fixtures.ts";
import { ODD, randomWeights } from "../../model/helpers.ts";

const WEIGHTS = randomWeights(ODD, 3);
const data = (name: string) => Promise.resolve(Float32Array.from(WEIGHTS.get(name)!));

/** llm.c's order: `ParameterTensors` in train_gpt2.c. */
const KINDS: [name: string, shape: number[]][] = [
  ["ln_1.weight", [6]],
  ["ln_1.bias", [6]],
  ["attn.c_attn.weight", [18, 6]],
  ["attn.c_attn.bias", [18]],
  ["attn.c_proj.weight", [6, 6]],
  ["attn.c_proj.bias", [6]],
  ["ln_2.weight", [6]],
  ["ln_2.bias", [6]],
  ["mlp.c_fc.weight", [24, 6]],
  ["mlp.c_fc.bias", [24]],
  ["mlp.c_proj.weight", [6, 24]],
  ["mlp.c_proj.bias", [6]],
];

Deno.test("llm.c: the header, and each tensor in its place", async () => {
  await using temp = new TempDir();
  const path = `${temp.path}/model.bin`;
  await writeParts(path, llmcParts(ODD, data));
  const { buffer } = await Deno.readFile(path);
  const header = new Int32Array(buffer, 0, 256);
  // Magic, version, context, vocabulary, layers, heads, width, padded vocabulary.
  assertEquals([...header.subarray(0, 8)], [20240326, 3, 5, 11, 2, 2, 6, 128]);
  assertEquals(header.subarray(8).every((value) => value === 0), true);
  const floats = new Float32Array(buffer, 1024);
  let at = 0;
  const next = (count: number) => floats.subarray(at, at += count);
  assertEquals(next(11 * 6), await data("wte.weight"));
  assertEquals(next((128 - 11) * 6).every((value) => value === 0), true);
  assertEquals(next(5 * 6), await data("wpe.weight"));
  for (const [name, shape] of KINDS) {
    for (const layer of [0, 1]) {
      const found = next(sizeOf(shape));
      const stored = await data(`h.${layer}.${name}`);
      const [out, fanIn] = shape;
      // (out, in) there, (in, out) here.
      const expected = fanIn === undefined
        ? stored
        : Float32Array.from(found, (_, i) => stored[(i % fanIn) * out + Math.floor(i / fanIn)]);
      assertEquals(found, expected, `${layer} ${name}`);
    }
  }
  assertEquals(next(6), await data("ln_f.weight"));
  assertEquals(next(6), await data("ln_f.bias"));
  assertEquals(at, floats.length);
  const parameters = parameterTable(ODD).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  assertEquals(at, parameters + (128 - 11) * 6);
});

Deno.test("llm.c: a file that cannot be written, or not to its end, is not there", async () => {
  await using temp = new TempDir();
  const path = `${temp.path}/model.bin`;
  const broken = () => Promise.reject(new UserError("cut short"));
  await assertRejects(() => writeParts(path, llmcParts(ODD, broken)), UserError, "cut short");
  assertEquals([...Deno.readDirSync(temp.path)], []);
  const nowhere = `${temp.path}/no/model.bin`;
  const error = await assertRejects(() => writeParts(nowhere, llmcParts(ODD, data)), UserError);
  assertEquals(error.message, `${nowhere}: cannot write: No such file or directory`);
});
