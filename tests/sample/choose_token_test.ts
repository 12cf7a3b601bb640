import { assert, assertEquals, assertLess, assertThrows } from "@std/assert";
import { UsageError, UserError } from "../../src/errors.ts";
import { Random } from "../../src/random.ts";
import { checkSampling, chooseToken, type SamplingOptions } from "../../src/sample/choose_token.ts";

const DRAWS = 20_000;
const LOGITS = Float32Array.of(0.5, 2, -1, 1, 0);

/** How often each token is drawn. */
function counts(logits: Float32Array, options: SamplingOptions, seed = 1): number[] {
  const random = new Random(seed);
  const counts = new Array(logits.length).fill(0);
  for (let i = 0; i < DRAWS; i++) counts[chooseToken(logits, options, random)]++;
  return counts;
}

/** The softmax of logits over a temperature, among some of the tokens only. */
function softmax(logits: Float32Array, temperature = 1, among = [...logits.keys()]): number[] {
  const weights = Array.from(
    logits,
    (logit, i) => among.includes(i) ? Math.exp(logit / temperature) : 0,
  );
  const total = weights.reduce((a, b) => a + b);
  return weights.map((weight) => weight / total);
}

/** Asserts by Pearson's chi-squared test that the counts are those of a distribution. */
function assertDistributed(actual: number[], probabilities: number[]) {
  let chiSquared = 0;
  probabilities.forEach((p, token) => {
    if (p === 0) assertEquals(actual[token], 0, `token ${token}`);
    else chiSquared += (actual[token] - p * DRAWS) ** 2 / (p * DRAWS);
  });
  // With 4 degrees of freedom this is exceeded once in 10,000 times; with fewer, more rarely.
  assertLess(chiSquared, 23.5, `${actual} for ${probabilities.map((p) => p * DRAWS)}`);
}

Deno.test("chooseToken draws from the softmax", () => {
  assertDistributed(counts(LOGITS, {}), softmax(LOGITS));
});

Deno.test("chooseToken: the temperature divides the logits", () => {
  for (const temperature of [0.5, 2]) {
    assertDistributed(counts(LOGITS, { temperature }), softmax(LOGITS, temperature));
  }
});

Deno.test("chooseToken: temperature 0 takes the likeliest, of equal ones the first", () => {
  const random = new Random(1);
  assertEquals(chooseToken(LOGITS, { temperature: 0 }, random), 1);
  assertEquals(chooseToken(Float32Array.of(1, 3, 3), { temperature: 0 }, random), 1);
  assertEquals(chooseToken(Float32Array.of(-5), { temperature: 0 }, random), 0);
  assertEquals(random.uint32(), new Random(1).uint32(), "nothing is drawn");
});

Deno.test("chooseToken: next to no temperature is as good as none", () => {
  assertEquals(counts(LOGITS, { temperature: 1e-300 }), [0, DRAWS, 0, 0, 0]);
});

Deno.test("chooseToken: top-k", () => {
  assertDistributed(counts(LOGITS, { topK: 3 }), softmax(LOGITS, 1, [0, 1, 3]));
  assertDistributed(counts(LOGITS, { topK: 1 }), [0, 1, 0, 0, 0]);
  assertDistributed(counts(LOGITS, { topK: 99 }), softmax(LOGITS));
});

Deno.test("chooseToken: top-p keeps the fewest likeliest tokens that reach it", () => {
  // 0.13, 0.57, 0.03, 0.21, 0.08
  assertDistributed(counts(LOGITS, { topP: 0.5 }), [0, 1, 0, 0, 0]);
  assertDistributed(counts(LOGITS, { topP: 0.6 }), softmax(LOGITS, 1, [1, 3]));
  assertDistributed(counts(LOGITS, { topP: 0.8 }), softmax(LOGITS, 1, [0, 1, 3]));
  assertDistributed(counts(LOGITS, { topP: 1e-9 }), [0, 1, 0, 0, 0]);
  assertDistributed(counts(LOGITS, { topP: 0.999_999 }), softmax(LOGITS));
});

Deno.test("chooseToken: top-p is of what the temperature and top-k left", () => {
  // At temperature 2: 0.2, 0.42, 0.09, 0.25, 0.15, and 0.23, 0.48, 0.29 of the first three.
  const three = softmax(LOGITS, 2, [0, 1, 3]);
  assertDistributed(counts(LOGITS, { temperature: 2, topK: 3, topP: 0.8 }), three);
  const two = softmax(LOGITS, 2, [1, 3]);
  assertDistributed(counts(LOGITS, { temperature: 2, topK: 3, topP: 0.75 }), two);
});

Deno.test("chooseToken: of equally likely tokens the first are kept", () => {
  const equal = new Float32Array(5);
  assertDistributed(counts(equal, {}), [0.2, 0.2, 0.2, 0.2, 0.2]);
  assertDistributed(counts(equal, { topK: 2 }), [0.5, 0.5, 0, 0, 0]);
  assertDistributed(counts(equal, { topP: 0.6 - 1e-9 }), [1 / 3, 1 / 3, 1 / 3, 0, 0]);
});

Deno.test("chooseToken: what has a logit of -Infinity is never drawn", () => {
  const logits = Float32Array.of(-Infinity, 1, 1, -Infinity, -Infinity);
  for (const options of [{}, { topK: 4 }, { topP: 0.999 }, { temperature: 3 }]) {
    assertDistributed(counts(logits, options), [0, 0.5, 0.5, 0, 0]);
  }
});

Deno.test("chooseToken: a model whose logits are no numbers is told of", () => {
  for (const unfit of [NaN, Infinity]) {
    for (const temperature of [0, 1]) {
      assertThrows(
        () => chooseToken(LOGITS.with(3, unfit), { temperature }, new Random(1)),
        UserError,
        `the model gives a logit of ${unfit}`,
      );
    }
  }
});

Deno.test("chooseToken: logits of any size", () => {
  assertDistributed(counts(LOGITS.map((logit) => logit + 1024), {}), softmax(LOGITS));
  assertEquals(counts(Float32Array.of(-3e38, 3e38), {}), [0, DRAWS]);
});

Deno.test("chooseToken: the same seed draws the same", () => {
  const draw = (seed: number) => {
    const random = new Random(seed);
    return Array.from({ length: 50 }, () => chooseToken(LOGITS, {}, random)).join();
  };
  assertEquals(draw(5), draw(5));
  assert(draw(5) !== draw(6));
});

Deno.test("checkSampling names what is out of range", () => {
  const messageOf = (options: SamplingOptions) =>
    assertThrows(() => checkSampling(options), UsageError).message;
  for (const temperature of [-1, NaN, Infinity]) {
    assertEquals(messageOf({ temperature }), `temperature must be 0 or more, not ${temperature}`);
  }
  for (const topK of [0, -3, 1.5, NaN]) {
    assertEquals(messageOf({ topK }), `top-k must be a positive integer, not ${topK}`);
  }
  for (const topP of [0, -1, 1.1, NaN]) {
    assertEquals(messageOf({ topP }), `top-p must be above 0 and at most 1, not ${topP}`);
  }
  checkSampling({});
  checkSampling({ temperature: 0, topK: 1, topP: 1 });
});
