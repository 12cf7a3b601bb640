import { assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { encode } from "../../src/tokens/tokenizer.ts";
import { compactVocabulary } from "../../src/tokens/vocabulary.ts";
import { UsageError, UserError } from "../../src/errors.ts";
import { Gpt2 } from "../../src/model/gpt2.ts";
import { evaluateText } from "../../src/train/evaluate_text.ts";
import { jsonl, TempDir, tokenFile } from "../data/fixtures.ts";
import { ODD, randomWeights, uploadTensors } from "../model/helpers.ts";
import { openTestGpu } from "../ops/helpers.ts";
import { forward } from "../reference/gpt2.ts";

const gpu = await openTestGpu();
const vocabulary = compactVocabulary(encode("the quiet moon"));
const config = { ...ODD, vocabularySize: vocabulary.size };
const weights = randomWeights(config, 1);
const TEXTS = ["the quiet moon", "é: the moon, the moon", "quiet"];
const T = config.context;

function createModel(): Gpt2 {
  return new Gpt2(gpu, config, vocabulary, uploadTensors(gpu, config, weights));
}

/** The sum of the losses of all ids but the first, and their number, one window at a time. */
function reference(ids: readonly number[], stride: number): { sum: number; count: number } {
  let sum = 0;
  let count = 0;
  for (let begin = 0; count < ids.length - 1; begin += stride) {
    const window = ids.slice(begin, begin + T + 1);
    const shown = window.length - 1;
    const cut = { ...config, context: shown };
    const wpe = weights.get("wpe.weight")!.slice(0, shown * config.width);
    const { losses } = forward(
      ...[cut, new Map([...weights, ["wpe.weight", wpe]])] as const,
      ...[window.slice(0, -1), window.slice(1), 1] as const,
    );
    for (let target = count - begin; target < shown; target++) {
      sum += losses[target];
      count++;
    }
  }
  return { sum, count };
}

Deno.test("evaluateText: the reference's losses, for any stride, batch and cut of the data", async () => {
  await using temp = new TempDir();
  const data = [await temp.write("a.jsonl", jsonl(TEXTS))];
  using model = createModel();
  const before = gpu.allocatedBytes;
  const end = vocabulary.endOfText;
  const ids = [end, ...TEXTS.flatMap((text) => [...vocabulary.encode(encode(text)), end])];
  const bytes = new TextEncoder().encode(TEXTS.join("")).length;
  for (const [stride, batch] of [[T, 2], [2, 3], [1, 1], [3, 8]]) {
    const { sum, count } = reference(ids, stride);
    const result = await evaluateText(model, { data, stride, batch });
    assertEquals([result.tokens, result.bytes, result.skipped], [ids.length - 1, bytes, 0]);
    assertEquals(count, result.tokens);
    assertAlmostEquals(result.loss, sum / count, 1e-5);
    assertAlmostEquals(result.perplexity, Math.exp(sum / count), 1e-2);
    assertAlmostEquals(result.bitsPerByte!, sum / Math.LN2 / bytes, 1e-5);
    assertEquals(await evaluateText(model, { data, stride, batch }), result);
  }
  assertEquals(gpu.allocatedBytes, before, "nothing stays allocated");
});

Deno.test("evaluateText: stops after maxBatches, and tells how far it is", async () => {
  await using temp = new TempDir();
  const data = [await temp.write("a.jsonl", jsonl(TEXTS))];
  using model = createModel();
  const seen: number[] = [];
  const { tokens } = await evaluateText(model, {
    data,
    batch: 2,
    maxBatches: 2,
    onProgress: (soFar) => seen.push(soFar.tokens),
  });
  assertEquals([tokens, seen], [4 * T, [2 * T, 4 * T]]);
});

Deno.test("evaluateText: takes other weights, and files of tokens", async () => {
  await using temp = new TempDir();
  const { name } = await tokenFile(temp, "a.bin", 0, 40);
  using model = createModel();
  const zeros = uploadTensors(
    gpu,
    config,
    new Map([...weights].map(([name, values]) => [name, values.map(() => 0)])),
  );
  const { loss, tokens, bytes } = await evaluateText(model, { data: [name], weights: zeros });
  gpu.free(...zeros.values());
  assertAlmostEquals(loss, Math.log(config.vocabularySize), 1e-5);
  assertEquals([tokens, bytes], [41, 41]);
});

Deno.test("evaluateText: what cannot be evaluated is told", async () => {
  await using temp = new TempDir();
  const data = [await temp.write("a.txt", "the moon")];
  using model = createModel();
  for (
    const [options, message] of [
      [{ stride: 0 }, "stride must be a positive integer, not 0"],
      [{ stride: T + 1 }, `stride must be at most the model's context, ${T}, not ${T + 1}`],
      [{ batch: 0.5 }, "batch must be a positive integer, not 0.5"],
      [{ maxBatches: -1 }, "maxBatches must be a positive integer, not -1"],
    ] as const
  ) {
    const error = await assertRejects(() => evaluateText(model, { data, ...options }), UsageError);
    assertEquals(error.message, message);
  }
  const empty = [await temp.write("empty.jsonl", "\n")];
  for (
    const [options, message] of [
      [{ data, split: "validation" }, "there is no text in the validation part of the data"],
      [{ data: empty }, "there is no text in the data"],
    ] as const
  ) {
    const error = await assertRejects(() => evaluateText(model, options), UserError);
    assertEquals(error.message, message);
  }
});
