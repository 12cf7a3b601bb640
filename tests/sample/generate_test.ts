import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { encode, tokenBytes } from "../../src/tokens/tokenizer.ts";
import { compactVocabulary, type Vocabulary } from "../../src/tokens/vocabulary.ts";
import { UsageError } from "../../src/errors.ts";
import type { Gpt2Config } from "../../src/model/config.ts";
import { Gpt2 } from "../../src/model/gpt2.ts";
import { generate } from "../../src/sample/generate.ts";
import type { GenerateOptions } from "../../src/sample/options.ts";
import { randomWeights, smallVocabulary, uploadTensors } from "../model/helpers.ts";
import { openTestGpu } from "../ops/helpers.ts";
import { forward, type Tensors } from "../reference/gpt2.ts";

const gpu = await openTestGpu();

const COMPACT = compactVocabulary(encode("The moon rises over the quiet harbour."));
const CONFIG: Gpt2Config = {
  ...{ layers: 1, heads: 1, width: 6, context: 8, vocabularySize: COMPACT.size },
  ...{ bias: true, affine: true },
};
const WEIGHTS = randomWeights(CONFIG, 1, 1);

function modelWith(weights: Tensors, config = CONFIG, vocabulary: Vocabulary = COMPACT): Gpt2 {
  return new Gpt2(gpu, config, vocabulary, uploadTensors(gpu, config, weights));
}

/**
 * Weights by which these tokens follow each other from the first position on, whatever they
 * are: the blocks do nothing, and position t points where only the embedding of tokens[t] is.
 */
function chain(tokens: number[], config: Gpt2Config): Tensors {
  const weights = randomWeights(config, 2, 0);
  for (const [name, values] of weights) if (/ln_.*weight$/.test(name)) values.fill(1);
  const C = config.width;
  const wte = weights.get("wte.weight")!;
  const wpe = weights.get("wpe.weight")!;
  tokens.forEach((token, t) => {
    wte[token * C + t] = 0.01;
    wpe[t * C + t] = 1;
  });
  weights.get("ln_f.weight")!.fill(10_000);
  return weights;
}

async function collect(model: Gpt2, options: GenerateOptions): Promise<string[]> {
  const pieces: string[] = [];
  for await (const piece of generate(model, options)) pieces.push(piece);
  return pieces;
}

const text = async (model: Gpt2, options: GenerateOptions) =>
  (await collect(model, options)).join("");

/** Greedy generation with the reference, which keeps so many tokens of a full context. */
function greedy(
  weights: Tensors,
  prompt: number[],
  count: number,
  config = CONFIG,
  kept = Math.ceil(config.context / 2),
): number[] {
  const { context, vocabularySize: V } = config;
  let sequence = prompt.slice(-context);
  const generated: number[] = [];
  for (let i = 0; i < count; i++) {
    if (sequence.length > context) sequence = sequence.slice(-kept);
    const { logits } = forward(config, weights, sequence, sequence, 1);
    const last = logits.subarray((sequence.length - 1) * V);
    const token = last.indexOf(Math.max(...last));
    if (token === COMPACT.endOfText) break;
    generated.push(token);
    sequence.push(token);
  }
  return generated;
}

function decode(ids: number[]): string {
  const bytes = ids.flatMap((id) => [...tokenBytes(COMPACT.decode(id))]);
  return new TextDecoder().decode(Uint8Array.from(bytes));
}

Deno.test("generate: greedy text is the reference's, also past the context", async () => {
  using model = modelWith(WEIGHTS);
  for (
    const prompt of ["The", "The moon rises", "", "The moon rises over the quiet harbour. The"]
  ) {
    const ids = prompt === "" ? [COMPACT.endOfText] : [...COMPACT.encode(encode(prompt))];
    const expected = greedy(WEIGHTS, ids, 20);
    assert(expected.length > 8, "long enough to restart");
    const actual = await text(model, { prompt, temperature: 0, maxTokens: 20 });
    assertEquals(actual, decode(expected), prompt);
  }
});

Deno.test("generate: a window that slides is the reference's over the last tokens", async () => {
  using model = modelWith(WEIGHTS);
  const prompt = "The moon rises";
  const ids = [...COMPACT.encode(encode(prompt))];
  const expected = greedy(WEIGHTS, ids, 20, CONFIG, CONFIG.context);
  assertNotEquals(expected, greedy(WEIGHTS, ids, 20));
  const options = { prompt, temperature: 0, maxTokens: 20, window: "slide" } as const;
  assertEquals(await text(model, options), decode(expected));
});

Deno.test("generate: a prompt longer than the context is the same as its last tokens", async () => {
  using model = modelWith(WEIGHTS);
  const whole = "quiet harbour. The moon rises over the quiet harbour.";
  const tokens = encode(whole);
  assert(tokens.length > 8);
  const last = tokens.slice(-8).map((token) => new TextDecoder().decode(tokenBytes(token))).join(
    "",
  );
  assertEquals(encode(last), tokens.slice(-8));
  const options = { maxTokens: 12, seed: 5 };
  assertEquals(
    await text(model, { prompt: whole, ...options }),
    await text(model, { prompt: last, ...options }),
  );
});

Deno.test("generate: the same seed gives the same text", async () => {
  using model = modelWith(WEIGHTS);
  const options = { prompt: "The moon", maxTokens: 15 };
  const first = await text(model, { ...options, seed: 1 });
  assertEquals(await text(model, { ...options, seed: 1 }), first);
  assertNotEquals(await text(model, { ...options, seed: 2 }), first);
  assertEquals(await text(model, options), await text(model, { ...options, seed: 0 }));
});

Deno.test("generate: as many tokens as asked for, past the context too", async () => {
  // The vocabulary has one letter for each token, and an end that is never reached.
  const config = { ...CONFIG, vocabularySize: 5 };
  const weights = randomWeights(config, 3, 0);
  weights.get("ln_f.bias")!.fill(1);
  weights.get("wte.weight")!.fill(-5, 4 * 6);
  const vocabulary: Vocabulary = { ...smallVocabulary(5), decode: (id) => 64 + id };
  using model = modelWith(weights, config, vocabulary);
  for (const maxTokens of [0, 1, 7, 8, 9, 40]) {
    const pieces = await collect(model, { maxTokens });
    assertEquals(pieces.length, maxTokens);
    assert(pieces.every((piece) => piece.length === 1));
  }
  assertEquals((await collect(model, {})).length, 100);
});

Deno.test("generate: a context of one token", async () => {
  const config = { ...CONFIG, context: 1 };
  const weights = randomWeights(config, 4, 1);
  using model = modelWith(weights, config);
  const expected = greedy(weights, [...COMPACT.encode(encode("The moon"))], 3, config);
  assertEquals(expected.length, 3);
  const options = { prompt: "The moon", maxTokens: 3, temperature: 0 };
  assertEquals(await text(model, options), decode(expected));
});

Deno.test("generate: ends at <|endoftext|>, which is not part of the text", async () => {
  const config = { ...CONFIG, width: 8 };
  const ids = [...COMPACT.encode(encode("The moon rises"))];
  using model = modelWith(chain([...ids, COMPACT.endOfText], config), config);
  assertEquals(
    await collect(model, { temperature: 0, maxTokens: 50 }),
    ["The", " moon", " rises"],
  );
});

Deno.test("generate: characters of several tokens are never split", async () => {
  const config = { ...CONFIG, width: 8 };
  // Bytes one by one, as the vocabulary has no tokens for them.
  const ids = [...COMPACT.encode(encode("é🌕"))];
  assertEquals(ids.length, 6);
  using model = modelWith(chain([...ids, COMPACT.endOfText], config), config);
  assertEquals(await collect(model, { temperature: 0 }), ["é", "🌕"]);
  // Cut within the moon: what is no character becomes a sign of that, once.
  assertEquals(await collect(model, { temperature: 0, maxTokens: 4 }), ["é", "\ufffd"]);
});

Deno.test("generate: words that the vocabulary lacks go in as bytes", async () => {
  using model = modelWith(WEIGHTS);
  const ids = [...COMPACT.encode(encode("Zyx"))];
  assert(ids.length === 3);
  const expected = greedy(WEIGHTS, ids, 5);
  const actual = await text(model, { prompt: "Zyx", temperature: 0, maxTokens: 5 });
  assertEquals(actual, decode(expected));
});

Deno.test("generate: other weights than the model's", async () => {
  using model = modelWith(randomWeights(CONFIG, 6, 1));
  const weights = uploadTensors(gpu, CONFIG, WEIGHTS);
  const actual = await text(model, { prompt: "The", temperature: 0, maxTokens: 6, weights });
  assertEquals(actual, decode(greedy(WEIGHTS, [...COMPACT.encode(encode("The"))], 6)));
  gpu.free(...weights.values());
});

Deno.test("generate: frees what it needed, also when not run to its end", async () => {
  using model = modelWith(WEIGHTS);
  const before = gpu.allocatedBytes;
  await text(model, { maxTokens: 3 });
  assertEquals(gpu.allocatedBytes, before);
  for await (const _ of generate(model, { maxTokens: 50 })) break;
  assertEquals(gpu.allocatedBytes, before);
});

Deno.test("generate: options out of range are usage errors", async () => {
  using model = modelWith(WEIGHTS);
  const messageOf = async (options: GenerateOptions) =>
    (await assertRejects(() => collect(model, options), UsageError)).message;
  assertEquals(
    await messageOf({ maxTokens: -1 }),
    "max-tokens must be an integer of 0 or more, not -1",
  );
  assertEquals(await messageOf({ seed: 1.5 }), "seed must be an integer, not 1.5");
  assertEquals(await messageOf({ topK: 0 }), "top-k must be a positive integer, not 0");
});

Deno.test("generate: <|endoftext|> in a prompt is text, or if asked for the token", async () => {
  using model = modelWith(WEIGHTS);
  const [end, moon] = [COMPACT.endOfText, [...COMPACT.encode(encode("The moon"))]];
  const options = { temperature: 0, maxTokens: 4 };
  const prompt = "The<|endoftext|>The moon";
  const the = [...COMPACT.encode(encode("The"))];
  assertEquals(
    await text(model, { ...options, prompt, special: true }),
    decode(greedy(WEIGHTS, [...the, end, ...moon], 4)),
  );
  assertEquals(
    await text(model, { ...options, prompt }),
    decode(greedy(WEIGHTS, [...COMPACT.encode(encode(prompt))], 4)),
  );
});
