import { assertAlmostEquals, assertEquals } from "@std/assert";
import { Gpt2 } from "../../src/model/gpt2.ts";
import { encode } from "../../src/tokens/tokenizer.ts";
import { compactVocabulary } from "../../src/tokens/vocabulary.ts";
import { attentionWeights } from "../../src/train/attention_weights.ts";
import { readText } from "../../src/train/read_text.ts";
import { ODD, randomWeights, uploadTensors } from "../model/helpers.ts";
import { openTestGpu } from "../ops/helpers.ts";
import { forward } from "../reference/gpt2.ts";
import { forward as attend } from "../reference/ops/attention.ts";

const gpu = await openTestGpu();
const vocabulary = compactVocabulary(encode("the quiet moon"));
const config = { ...ODD, vocabularySize: vocabulary.size };
const weights = randomWeights(config, 1);

Deno.test("readText: the reference's losses and next token, and attention that adds up", async () => {
  using model = new Gpt2(gpu, config, vocabulary, uploadTensors(gpu, config, weights));
  const before = gpu.allocatedBytes;
  const words = ["the", " quiet", " moon"];
  const { tokens, next, attention } = await readText(model, words.join(""), { likeliest: 3 });
  assertEquals(gpu.allocatedBytes, before);
  const ids = [vocabulary.endOfText, ...vocabulary.encode(encode(words.join("")))];
  const shown = ids.length;
  const cut = { ...config, context: shown };
  const wpe = weights.get("wpe.weight")!.slice(0, shown * config.width);
  const targets = [...ids.slice(1), vocabulary.endOfText];
  const { losses, logits } = forward(
    cut,
    new Map([...weights, ["wpe.weight", wpe]]),
    ids,
    targets,
    1,
  );
  assertEquals(tokens.map(({ text }) => text), words);
  tokens.forEach(({ loss }, i) => assertAlmostEquals(loss, losses[i], 1e-4));
  const V = vocabulary.size;
  const scores = [...logits.slice(-V).keys()].map((id) => Math.exp(logits[(shown - 1) * V + id]));
  const sum = scores.reduce((a, b) => a + b, 0);
  const likeliest = [...scores].sort((a, b) => b - a).slice(0, 3).map((score) => score / sum);
  next.forEach(({ probability }, i) => assertAlmostEquals(probability, likeliest[i], 1e-5));
  for (const row of attention(1, 1)) {
    assertAlmostEquals(row.reduce((a, b) => a + b, 0), 1, 1e-6);
  }
  const text = "the moon ".repeat(9);
  const long = await readText(model, text);
  assertEquals(long.tokens.length, config.context - 1);
  assertEquals(long.left + long.tokens.length, vocabulary.encode(encode(text)).length);
  assertEquals((await readText(model, "")).tokens, []);
});

Deno.test("attentionWeights are those that the reference averages values by", () => {
  const [T, heads, size] = [4, 2, 4];
  const C = heads * size;
  const qkv = Float32Array.from({ length: T * 3 * C }, (_, i) => Math.sin(i * i));
  // With values that are 1 in the column of their place, the average is the weights.
  for (let t = 0; t < T; t++) {
    for (let c = 0; c < C; c++) qkv[t * 3 * C + 2 * C + c] = c % size === t ? 1 : 0;
  }
  const expected = attend(Float64Array.from(qkv), { B: 1, T, C, heads });
  for (let head = 0; head < heads; head++) {
    attentionWeights(qkv, head, { width: C, heads }).forEach((row, t) => {
      row.forEach((weight, u) =>
        assertAlmostEquals(weight, expected[t * C + head * size + u], 1e-6)
      );
    });
  }
});
