import { assertEquals, assertNotEquals } from "@std/assert";
import { loadCheckpoint, saveCheckpoint } from "../../src/checkpoint/checkpoint.ts";
import { exportCheckpoint } from "../../src/checkpoint/export.ts";
import { writeSafetensors } from "../../src/checkpoint/safetensors.ts";
import { evaluateText } from "../../src/train/evaluate_text.ts";
import { generate } from "../../src/sample/generate.ts";
import { Gpt2 } from "../../src/model/gpt2.ts";
import { parameterTable } from "../../src/model/parameters.ts";
import { encodeWith } from "../../src/tokens/tokenizer.ts";
import { fullVocabulary } from "../../src/tokens/vocabulary.ts";
import { TempDir } from "../data/fixtures.ts";
import { ODD, randomWeights, readTensors } from "../model/helpers.ts";
import { openTestGpu } from "../ops/helpers.ts";
import { ownVocabulary, smallFiles, smallTokenizer } from "../tokens/small_tokenizer.ts";
import { configToJson } from "../../src/checkpoint/formats/checkpoint_config.ts";

const gpu = await openTestGpu();
const { size: vocabularySize } = ownVocabulary();
const CONFIG = { ...ODD, bias: true, affine: true, vocabularySize };

/** The directory of a model from elsewhere with its own tokenizer, and rows of padding. */
async function writeModel(directory: TempDir, padding = 3): Promise<string> {
  const rows = vocabularySize + padding;
  const weights = randomWeights({ ...CONFIG, vocabularySize: rows }, 5);
  const tensors = parameterTable({ ...CONFIG, vocabularySize: rows }).map(({ name, shape }) => {
    return { name, shape, data: () => Promise.resolve(Float32Array.from(weights.get(name)!)) };
  });
  const { agd_gpt2: _, ...config } = configToJson({ model: CONFIG });
  await directory.write(
    "own/config.json",
    JSON.stringify({ ...config, vocab_size: rows, eos_token_id: 0 }),
  );
  for (const [name, text] of Object.entries(smallFiles())) {
    await directory.write(`own/${name}`, text);
  }
  await writeSafetensors(`${directory.path}/own/model.safetensors`, tensors, {});
  return `${directory.path}/own`;
}

Deno.test("own tokenizer: a model keeps it when it is saved, and exported", async () => {
  await using temp = new TempDir();
  const from = await writeModel(temp);
  using model = await loadCheckpoint(gpu, from);
  assertEquals([model.config.vocabularySize, model.vocabulary.endOfText], [vocabularySize, 0]);
  assertEquals(encodeWith(model.vocabulary.tokenizer, " the moon").length, 2);
  await saveCheckpoint(model, `${temp.path}/saved`);
  assertEquals(await exportCheckpoint(from, `${temp.path}/half`, "f16"), { unseen: 0, shift: 0 });
  assertEquals(await exportCheckpoint(from, `${temp.path}/c.bin`, "llmc"), { unseen: 0, shift: 0 });
  const header = new Int32Array((await Deno.readFile(`${temp.path}/c.bin`)).buffer, 0, 8);
  assertEquals(header[3], vocabularySize);
  for (const name of ["saved", "half"]) {
    const directory = `${temp.path}/${name}`;
    for (const [file, text] of Object.entries(smallFiles())) {
      assertEquals(await Deno.readTextFile(`${directory}/${file}`), text);
    }
    const config = JSON.parse(await Deno.readTextFile(`${directory}/config.json`));
    assertEquals([config.vocab_size, config.eos_token_id], [vocabularySize, 0]);
    const generation = JSON.parse(await Deno.readTextFile(`${directory}/generation_config.json`));
    assertEquals(generation.eos_token_id, 0);
    using again = await loadCheckpoint(gpu, directory);
    assertEquals(again.vocabulary.tokenizer.own, model.vocabulary.tokenizer.own);
    if (name === "half") continue;
    assertEquals(await readTensors(gpu, again.weights), await readTensors(gpu, model.weights));
  }
});

Deno.test("own tokenizer: text is generated, and evaluated, by it", async () => {
  await using temp = new TempDir();
  using model = await loadCheckpoint(gpu, await writeModel(temp));
  const { ids } = smallTokenizer();
  // Whatever comes before, the likeliest token is this one.
  const alwaysFollowedBy = (token: number) => {
    const wte = new Float32Array(vocabularySize * CONFIG.width);
    wte.fill(1, token * CONFIG.width, (token + 1) * CONFIG.width);
    const tensor = (name: string) => model.weights.get(name)!;
    gpu.write(tensor("wte.weight"), wte);
    gpu.write(tensor("ln_f.bias"), new Float32Array(CONFIG.width).fill(9));
  };
  const text = async (target: Gpt2) => {
    let all = "";
    const options = { prompt: "the moon", maxTokens: 3, temperature: 0 };
    for await (const piece of generate(target, options)) all += piece;
    return all;
  };
  alwaysFollowedBy(ids["Ġmoon"]);
  assertEquals(await text(model), " moon moon moon");
  alwaysFollowedBy(0); // the end of a document
  assertEquals(await text(model), "");

  const data = [await temp.write("a.txt", "the moon the moon")];
  const { tokens, bytes } = await evaluateText(model, { data });
  const expected = encodeWith(model.vocabulary.tokenizer, "the moon the moon");
  assertEquals([tokens, bytes], [expected.length + 1, 17]);
});

Deno.test("own tokenizer: GPT-2's with another end of a document is kept too", async () => {
  await using temp = new TempDir();
  const { vocabularySize: _, ...architecture } = ODD;
  using model = await Gpt2.create(gpu, architecture, { vocabulary: fullVocabulary(), seed: 1 });
  const directory = `${temp.path}/a`;
  await saveCheckpoint(model, directory);
  const path = `${directory}/config.json`;
  const config = JSON.parse(await Deno.readTextFile(path));
  await Deno.writeTextFile(path, JSON.stringify({ ...config, eos_token_id: 198 }));
  await exportCheckpoint(directory, `${temp.path}/b`, "f32");
  using again = await loadCheckpoint(gpu, `${temp.path}/b`);
  assertEquals(again.vocabulary.endOfText, 198);
  const map = JSON.parse(await Deno.readTextFile(`${temp.path}/b/special_tokens_map.json`));
  assertEquals(map.eos_token, "Ċ", "the name of a line break in vocab.json");
  assertNotEquals(again.vocabulary.tokenizer.own, undefined);
  assertEquals(
    await Deno.readTextFile(`${temp.path}/b/vocab.json`),
    await Deno.readTextFile(`${directory}/vocab.json`),
  );
});
