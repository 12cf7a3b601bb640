import { assertEquals, assertLess, assertNotEquals, assertThrows } from "@std/assert";
import { UserError } from "../../src/errors.ts";
import { Gpu } from "../../src/gpu/gpu.ts";
import type { Gpt2Config } from "../../src/model/config.ts";
import type { Gpt2 } from "../../src/model/gpt2.ts";
import { Random } from "../../src/random.ts";
import { Decoder } from "../../src/sample/decoder.ts";
import {
  LARGE_VOCABULARY,
  modelOf,
  ODD,
  randomWeights,
  SLIM,
  uploadTensors,
} from "../model/helpers.ts";
import { assertClose, onKind, openTestGpu } from "../ops/helpers.ts";
import { forward, type Tensors } from "../reference/gpt2.ts";
import { randomIntegers } from "../reference/random.ts";

const gpu = await openTestGpu();
const slim = await openTestGpu(SLIM);

/** Appends tokens to a decoder of one sequence; returns the logits (V) of the one that follows. */
async function append(model: Gpt2, decoder: Decoder, tokens: Uint32Array): Promise<Float32Array> {
  decoder.append(tokens);
  decoder.forward();
  const logits = await model.gpu.read(decoder.logits);
  return logits.subarray(0, model.config.vocabularySize);
}

/** A context of more than two chunks of 64, and not a multiple of one. */
const LONG: Gpt2Config = { ...ODD, context: 150 };
const WEIGHTS = randomWeights(LONG, 1);
const TOKENS = randomIntegers(new Random(2), LONG.context, LONG.vocabularySize);

/** The reference's logits after each token. */
function expectedLogits(config: Gpt2Config, weights: Tensors, tokens: Uint32Array) {
  const { logits } = forward(config, weights, tokens, tokens, 1);
  const V = config.vocabularySize;
  return Array.from(tokens, (_, n) => logits.subarray(n * V, (n + 1) * V));
}

const EXPECTED = expectedLogits(LONG, WEIGHTS, TOKENS);

/** Appends the tokens in parts of these lengths; compares the logits after each. */
async function checkParts(model: Gpt2, decoder: Decoder, lengths: number[]) {
  let end = 0;
  for (const length of lengths) {
    const logits = await append(model, decoder, TOKENS.subarray(end, end + length));
    end += length;
    assertEquals(decoder.length, end);
    assertEquals(logits.length, LONG.vocabularySize);
    assertClose(logits, EXPECTED[end - 1], 1e-4, `after ${end} tokens`);
  }
}

Deno.test("decoder: token by token the logits are those of the whole, at every position", async () => {
  using model = modelOf(gpu, LONG, WEIGHTS);
  using decoder = new Decoder(model);
  await checkParts(model, decoder, Array(150).fill(1));
});

Deno.test("decoder: so are those of parts of any length, and again after a reset", async () => {
  using model = modelOf(gpu, LONG, WEIGHTS);
  using decoder = new Decoder(model);
  for (const lengths of [[150], [64, 1, 64], [65, 65, 20], [2, 63, 1, 1, 70, 13], [129, 21]]) {
    await checkParts(model, decoder, lengths);
    decoder.keep(0);
    assertEquals(decoder.length, 0);
  }
});

Deno.test("decoder: the same with a GPU's kernels", async () => {
  await onKind(gpu, "GPU", async () => {
    using model = modelOf(gpu, LONG, WEIGHTS);
    using decoder = new Decoder(model);
    await checkParts(model, decoder, [1, 66, 1, 2, 80]);
  });
});

Deno.test("decoder: a context shorter than one chunk", async () => {
  const config = { ...ODD, context: 7, vocabularySize: 12 };
  const weights = randomWeights(config, 3);
  const tokens = randomIntegers(new Random(4), 7, 12);
  const expected = expectedLogits(config, weights, tokens);
  using model = modelOf(gpu, config, weights);
  using decoder = new Decoder(model);
  assertClose(await append(model, decoder, tokens.subarray(0, 5)), expected[4], 1e-4);
  assertClose(await append(model, decoder, tokens.subarray(5)), expected[6], 1e-4);
});

Deno.test("decoder: rows of whole vec4s", async () => {
  const config = { ...ODD, heads: 4, width: 16, context: 9, vocabularySize: 30 };
  const weights = randomWeights(config, 5);
  const tokens = randomIntegers(new Random(6), 9, 30);
  const expected = expectedLogits(config, weights, tokens);
  using model = modelOf(gpu, config, weights);
  using decoder = new Decoder(model);
  for (const [start, end] of [[0, 4], [4, 5], [5, 9]]) {
    assertClose(await append(model, decoder, tokens.subarray(start, end)), expected[end - 1], 1e-4);
  }
});

Deno.test("decoder: wte in several bindings", async () => {
  const weights = randomWeights(LARGE_VOCABULARY, 7, 0.1);
  const tokens = Uint32Array.of(3, 262, 256);
  const expected = expectedLogits(LARGE_VOCABULARY, weights, tokens);
  using model = modelOf(slim, LARGE_VOCABULARY, weights);
  using decoder = new Decoder(model);
  assertClose(await append(model, decoder, tokens.subarray(0, 2)), expected[1], 1e-4);
  assertClose(await append(model, decoder, tokens.subarray(2)), expected[2], 1e-4);
});

Deno.test("decoder: other weights than the model's", async () => {
  const other = randomWeights(LONG, 8);
  using model = modelOf(gpu, LONG, WEIGHTS);
  const weights = uploadTensors(gpu, LONG, other);
  using decoder = new Decoder(model, { weights });
  const expected = expectedLogits(LONG, other, TOKENS.subarray(0, 3));
  const logits = await append(model, decoder, TOKENS.subarray(0, 3));
  assertClose(logits, expected[2], 1e-4);
  assertNotEquals(logits, Float32Array.from(EXPECTED[2]));
  gpu.free(...weights.values());
});

Deno.test("decoder: no token, or more than fit, are refused and change nothing", async () => {
  using model = modelOf(gpu, LONG, WEIGHTS);
  using decoder = new Decoder(model);
  await append(model, decoder, TOKENS.subarray(0, 140));
  assertThrows(() => decoder.append(new Uint32Array()), RangeError);
  assertThrows(
    () => decoder.append(new Uint32Array(11)),
    RangeError,
    "11 tokens do not fit behind 140 in 150",
  );
  assertClose(await append(model, decoder, TOKENS.subarray(140)), EXPECTED[149], 1e-4);
});

Deno.test("decoder: a capacity below the context takes less memory", async () => {
  using model = modelOf(gpu, LONG, WEIGHTS);
  const before = gpu.allocatedBytes;
  const bytesOf = (capacity?: number) => {
    using _decoder = new Decoder(model, { capacity });
    return gpu.allocatedBytes - before;
  };
  assertLess(bytesOf(70), bytesOf());
  assertEquals(bytesOf(1000), bytesOf());
  for (const capacity of [1, 10, 70]) {
    using decoder = new Decoder(model, { capacity });
    assertClose(
      await append(model, decoder, TOKENS.subarray(0, capacity)),
      EXPECTED[capacity - 1],
      1e-4,
    );
    assertThrows(
      () => decoder.append(TOKENS.subarray(0, 1)),
      ...[RangeError, `1 tokens do not fit behind ${capacity} in ${capacity}`] as const,
    );
  }
});

Deno.test("decoder: frees all but the model", () => {
  using model = modelOf(gpu, LONG, WEIGHTS);
  const before = gpu.allocatedBytes;
  new Decoder(model)[Symbol.dispose]();
  assertEquals(gpu.allocatedBytes, before);
});

Deno.test("decoder: what it has allocated is freed if not all of it fits", async () => {
  using small = await Gpu.open({ maxBindingBytes: 8192 });
  using model = modelOf(small, LONG, WEIGHTS); // 214 rows of 18 keys and values are too many
  const before = small.allocatedBytes;
  assertThrows(() => new Decoder(model), UserError, "needs a binding of");
  assertEquals(small.allocatedBytes, before);
});

Deno.test("decoder: several sequences at once, each with its own tokens", async () => {
  const seeds = [5, 6, 7];
  using model = modelOf(gpu, LONG, WEIGHTS);
  const sequences: Uint32Array[] = [];
  for (const together of [[seeds], seeds.map((seed) => [seed])]) {
    for (const some of together) {
      using decoder = new Decoder(model, { seeds: some });
      decoder.append(TOKENS.subarray(0, 40));
      for (let i = 0; i < 30; i++) {
        decoder.forward();
        decoder.accept();
      }
      assertEquals(decoder.length, 70);
      sequences.push(...await decoder.last(70));
    }
  }
  assertEquals(sequences.slice(0, 3), sequences.slice(3), "the others make no difference");
  assertEquals(sequences[0].subarray(0, 40), TOKENS.subarray(0, 40));
  assertNotEquals(sequences[0], sequences[1]);
  // From the last tokens anew, whose logits are those that the reference gives for them alone.
  using decoder = new Decoder(model, { seeds });
  decoder.append(TOKENS.subarray(0, 150));
  decoder.forward();
  decoder.accept();
  assertThrows(() => decoder.forward(), RangeError);
  decoder.keep(101);
  decoder.forward();
  const V = LONG.vocabularySize;
  const logits = await gpu.read(decoder.logits);
  const window = await decoder.last(101);
  window.forEach((tokens, b) => {
    const expected = expectedLogits(LONG, WEIGHTS, tokens)[100];
    const row = logits.subarray(b * logits.length / 3).subarray(0, V);
    assertClose(row, expected, 1e-4, `sequence ${b}`);
  });
});
