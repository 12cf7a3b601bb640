import { assert, assertEquals, assertLess, assertRejects } from "@std/assert";
import { encode } from "../../src/tokens/tokenizer.ts";
import { compactVocabulary, fullVocabulary } from "../../src/tokens/vocabulary.ts";
import { UserError } from "../../src/errors.ts";
import { loadCheckpoint, saveCheckpoint } from "../../src/checkpoint/checkpoint.ts";
import { exportCheckpoint } from "../../src/checkpoint/export.ts";
import { Gpt2 } from "../../src/model/gpt2.ts";
import { openSafetensors } from "../../src/checkpoint/safetensors.ts";
import { Decoder } from "../../src/sample/decoder.ts";
import { relativeError } from "../reference/compare.ts";
import { TempDir } from "../data/fixtures.ts";
import { openTestGpu } from "../ops/helpers.ts";
import { ODD, randomWeights, readTensors, uploadTensors } from "../model/helpers.ts";

const gpu = await openTestGpu();
const COMPACT = compactVocabulary(encode("a small corpus about the moon"));

/** Logits after a text. */
async function logitsOf(model: Gpt2, text: string): Promise<Float32Array> {
  using decoder = new Decoder(model);
  decoder.append(model.vocabulary.encode(encode(text)));
  decoder.forward();
  return (await gpu.read(decoder.logits)).slice(0, model.config.vocabularySize);
}

for (
  const [name, options] of Object.entries({
    "gains and biases": { bias: true, affine: true },
    "no biases": { bias: false, affine: true },
    "neither": { bias: true, affine: false },
  })
) {
  Deno.test(`export: a compact vocabulary becomes the full one: ${name}`, async () => {
    await using temp = new TempDir();
    const config = { ...ODD, ...options, vocabularySize: COMPACT.size };
    const weights = randomWeights(config, 4);
    for (const name of ["ln_f.weight", "ln_f.bias"]) {
      const isGain = name.endsWith("weight");
      if (!options.affine) weights.set(name, new Float64Array(6).fill(isGain ? 1 : 0));
      else if (!isGain && !options.bias) weights.set(name, new Float64Array(6));
      else if (isGain) weights.set(name, weights.get(name)!.map((value) => Math.fround(1 + value)));
    }
    using model = new Gpt2(gpu, config, COMPACT, uploadTensors(gpu, config, weights));
    await saveCheckpoint(model, `${temp.path}/compact`);
    for (const format of ["f32", "f16"] as const) {
      const out = `${temp.path}/${format}`;
      const { unseen, shift } = await exportCheckpoint(`${temp.path}/compact`, out, format);
      assertEquals(unseen, 50_257 - COMPACT.size);
      using full = await loadCheckpoint(gpu, out);
      assertEquals(full.vocabulary.tokens, undefined);
      const isKnown = new Set(COMPACT.tokens);
      for (const text of ["a", " moon", " about the small", " the the the moon moon"]) {
        const [before, after] = [await logitsOf(model, text), await logitsOf(full, text)];
        const known = Float32Array.from(COMPACT.tokens!, (token) => after[token]);
        const change = Math.max(...known.map((logit, i) => Math.abs(logit - before[i])));
        assertLess(change, shift + (format === "f32" ? 1e-4 : 0.03));
        const others = after.filter((_, token) => !isKnown.has(token));
        const highest = others.reduce((a, b) => Math.max(a, b));
        assertLess(highest, Math.min(...known) - 29);
      }
    }
  });
}

Deno.test("export: f16 is what Hugging Face reads, and we", async () => {
  await using temp = new TempDir();
  const { vocabularySize: _, ...architecture } = ODD;
  using model = await Gpt2.create(gpu, architecture, { vocabulary: fullVocabulary(), seed: 2 });
  const [from, out] = [`${temp.path}/from`, `${temp.path}/out`];
  await saveCheckpoint(model, from);
  assertEquals(await exportCheckpoint(from, out, "f16"), { unseen: 0, shift: 0 });
  assertEquals(
    [...Deno.readDirSync(out)].map(({ name }) => name).sort(),
    [...Deno.readDirSync(from)].map(({ name }) => name).sort(),
  );
  assertEquals(JSON.parse(await Deno.readTextFile(`${out}/config.json`)).torch_dtype, "float16");
  {
    using file = await openSafetensors(`${out}/model.safetensors`);
    assert([...file.tensors.values()].every(({ dtype }) => dtype === "F16"));
  }
  using loaded = await loadCheckpoint(gpu, out);
  const [values, expected] = [
    await readTensors(gpu, loaded.weights),
    await readTensors(gpu, model.weights),
  ];
  for (const [name, tensor] of expected) {
    assertLess(relativeError(values.get(name)!, tensor), 1e-3, name);
  }
  const error = await assertRejects(() => exportCheckpoint(from, out, "f16"), UserError);
  assertEquals(error.message, `${out} exists already: choose another --out`);
});

Deno.test("export: a value that F16 cannot hold is named", async () => {
  await using temp = new TempDir();
  const config = { ...ODD, vocabularySize: COMPACT.size };
  const weights = randomWeights(config, 4);
  weights.get("h.1.mlp.c_fc.weight")![7] = 70_000;
  using model = new Gpt2(gpu, config, COMPACT, uploadTensors(gpu, config, weights));
  await saveCheckpoint(model, `${temp.path}/a`);
  const error = await assertRejects(
    () => exportCheckpoint(`${temp.path}/a`, `${temp.path}/b`, "f16"),
    UserError,
  );
  assertEquals(
    error.message,
    "tensor h.1.mlp.c_fc.weight has the value 70000, which F16 cannot hold",
  );
  assertEquals([...Deno.readDirSync(temp.path)].map(({ name }) => name), ["a"]);
});

Deno.test("export: what others put at its place meanwhile stays, and nothing half-written", async () => {
  await using temp = new TempDir();
  const { vocabularySize: _, ...architecture } = ODD;
  using model = await Gpt2.create(gpu, architecture, { vocabulary: fullVocabulary(), seed: 2 });
  const from = `${temp.path}/from`;
  await saveCheckpoint(model, from);
  const { mkdir, rename } = Deno;
  const names = () => [...Deno.readDirSync(temp.path)].map(({ name }) => name).sort();
  try {
    for (const format of ["f32", "llmc"] as const) {
      const out = `${temp.path}/${format}`;
      // Somebody is faster, just before the export gets its name.
      Deno.rename = async (a, b) => {
        Deno.rename = rename;
        if (format === "f32") await temp.write(`${format}/precious`, "kept");
        return await rename(a, b);
      };
      if (format === "f32") {
        await assertRejects(() => exportCheckpoint(from, out, format), UserError, "exists already");
        assertEquals(await Deno.readTextFile(`${out}/precious`), "kept");
      } else {
        await exportCheckpoint(from, out, format);
      }
    }
    assertEquals(names(), ["f32", "from", "llmc"]);
    // Two at once: the one that comes first wins, and the other one says so.
    const out = `${temp.path}/both`;
    Deno.mkdir = async (path, options) => {
      Deno.mkdir = mkdir;
      await mkdir(path, options);
      await assertRejects(() => exportCheckpoint(from, out, "f32"), UserError, "cannot create");
    };
    await exportCheckpoint(from, out, "f32");
    assertEquals(names(), ["both", "f32", "from", "llmc"]);
    using loaded = await loadCheckpoint(gpu, out);
    assertEquals(loaded.config, model.config);
  } finally {
    Object.assign(Deno, { mkdir, rename });
  }
});
