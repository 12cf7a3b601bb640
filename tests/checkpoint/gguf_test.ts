import { assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { loadCheckpoint, saveCheckpoint } from "../../src/checkpoint/checkpoint.ts";
import { exportCheckpoint, type ExportFormat } from "../../src/checkpoint/export.ts";
import { Gpt2 } from "../../src/model/gpt2.ts";
import { generate } from "../../src/sample/generate.ts";
import { encode, encodeWith } from "../../src/tokens/tokenizer.ts";
import { compactVocabulary } from "../../src/tokens/vocabulary.ts";
import { TempDir } from "../data/fixtures.ts";
import { ODD, randomWeights, uploadTensors } from "../model/helpers.ts";
import { openTestGpu } from "../ops/helpers.ts";
import { ownVocabulary, smallFiles } from "../tokens/small_tokenizer.ts";
import { installLlama } from "./llama/install.ts";

const gpu = await openTestGpu();
const llama = await installLlama();

const TEXT = "the moon over a small town, and “quotes” of 1984:\n\n  it isn't ä 🌕";
const TOKENS = 12;

/** What llama.cpp made of a prompt. */
interface Greedy {
  prompt: number[];
  tokens: number[];
  text: string;
}

/** Saves a model with random weights. */
async function save(directory: string, own: boolean): Promise<void> {
  const vocabulary = own ? ownVocabulary() : compactVocabulary(encode(TEXT));
  const sizes = { layers: 2, heads: 2, width: 64, context: 128 };
  const config = { ...ODD, ...sizes, vocabularySize: vocabulary.size };
  const weights = randomWeights(config, 7);
  using model = new Gpt2(gpu, config, vocabulary, uploadTensors(gpu, config, weights));
  await saveCheckpoint(model, directory);
}

/** What the model writes. */
async function continued(directory: string): Promise<string> {
  using model = await loadCheckpoint(gpu, directory);
  let text = "";
  const options = { prompt: TEXT, temperature: 0, maxTokens: TOKENS };
  for await (const piece of generate(model, options)) text += piece;
  return text;
}

/** What llama.cpp makes of models. */
async function byLlama(entry: string, files: readonly string[]): Promise<Greedy[]> {
  const script = fromFileUrl(new URL("llama/greedy.mjs", import.meta.url));
  const { success, stdout, stderr } = await new Deno.Command("node", {
    args: [script, entry, String(TOKENS), ...files.flatMap((file) => [file, TEXT])],
  }).output();
  const decoder = new TextDecoder();
  assertEquals(success, true, decoder.decode(stderr));
  return JSON.parse(decoder.decode(stdout));
}

const missing = "missing" in llama ? ` (no node-llama-cpp: ${llama.missing})` : "";

Deno.test({
  name: `gguf: llama.cpp writes what the model writes, token for token${missing}`,
  ignore: missing !== "",
  fn: async () => {
    await using temp = new TempDir();
    const path = (name: string) => `${temp.path}/${name}`;
    await save(path("compact"), false);
    await save(path("own"), true);
    for (const [name, text] of Object.entries(smallFiles())) {
      await Deno.writeTextFile(path(`own/${name}`), text);
    }
    const exports: [from: string, format: ExportFormat][] = [
      ["compact", "gguf"],
      ["compact", "gguf-f16"],
      ["own", "gguf"],
    ];
    const files = exports.map(([from, format]) => path(`${from}-${format}.gguf`));
    for (const [i, [from, format]] of exports.entries()) {
      await exportCheckpoint(path(from), files[i], format);
    }
    await exportCheckpoint(path("compact"), path("half"), "f16");
    const found = await byLlama((llama as { entry: string }).entry, files);
    const own = ownVocabulary().tokenizer;
    for (const [i, from] of ["compact", "half", "own"].entries()) {
      const { prompt, tokens, text } = found[i];
      assertEquals(prompt, from === "own" ? encodeWith(own, TEXT) : encode(TEXT), from);
      assertEquals([text, tokens.length], [await continued(path(from)), TOKENS], from);
    }
  },
});
