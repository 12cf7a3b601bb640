import { assert, assertEquals, assertLess, assertNotEquals, assertThrows } from "@std/assert";
import { UsageError, UserError } from "../../src/errors.ts";
import { Plan } from "../../src/gpu/plan.ts";
import { Random } from "../../src/random.ts";
import {
  checkChosen,
  checkSampling,
  chooseToken,
  type SamplingOptions,
  THREEFRY,
} from "../../src/sample/choose_token.ts";
import { onBothKinds, openTestGpu } from "../ops/helpers.ts";
import { randomArray, randomIntegers } from "../reference/random.ts";
import { distribution, threefry } from "../reference/sampling.ts";

const gpu = await openTestGpu();
const random = new Random(11);

/** Draws of a test; each is a row of its own. */
const DRAWS = 2000;
const LOGITS = Float32Array.of(0.5, 2, -1, 1, 0);

/** Draws once from each of some rows of logits; the row's number is its seed. */
async function choose(
  rows: readonly Float32Array[],
  options: SamplingOptions,
  { before = 0, high = 0 } = {},
): Promise<Uint32Array> {
  const [{ length: V }] = rows;
  // What lies past the vocabulary must never be read.
  const stride = Math.ceil(V / 4) * 4;
  const values = new Float32Array(rows.length * stride).fill(NaN);
  rows.forEach((row, i) => values.set(row, i * stride));
  const logits = gpu.tensorFrom("logits", [rows.length, stride], values);
  const halves = rows.flatMap((_, i) => [i, high]);
  const seeds = gpu.tensorFrom("seeds", [rows.length, 2], Uint32Array.from(halves));
  const cursor = gpu.tensorFrom("cursor", [4], Uint32Array.of(9, 9, 1, before));
  const unused = Uint32Array.from({ length: 2 * rows.length }, () => 77);
  const history = gpu.tensorFrom("history", [rows.length, 2], unused);
  using plan = new Plan(gpu);
  chooseToken(gpu, plan, { logits, vocabularySize: V, seeds, cursor, history }, options);
  plan.run();
  const all = await gpu.readIntegers(history);
  gpu.free(logits, seeds, cursor, history);
  assert(rows.every((_, i) => all[2 * i] === 77), "the other place is left alone");
  return Uint32Array.from(rows, (_, i) => all[2 * i + 1]);
}

/** How often each token is drawn. */
async function counts(logits: Float32Array, options: SamplingOptions): Promise<number[]> {
  const counts = new Array(logits.length).fill(0);
  const rows = Array.from({ length: DRAWS }, () => logits);
  for (const token of await choose(rows, options)) counts[token]++;
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
function assertDistributed(actual: number[], probabilities: ArrayLike<number>) {
  let chiSquared = 0;
  // Tokens of less than 5 expected draws count as one.
  let [rareDraws, rareExpected, degrees] = [0, 0, -1];
  Array.from(probabilities).forEach((p, token) => {
    const expected = p * DRAWS;
    if (p === 0) return assertEquals(actual[token], 0, `token ${token}`);
    if (expected < 5) {
      rareDraws += actual[token];
      rareExpected += expected;
      return;
    }
    degrees++;
    chiSquared += (actual[token] - expected) ** 2 / expected;
  });
  if (rareExpected >= 5) {
    degrees++;
    chiSquared += (rareDraws - rareExpected) ** 2 / rareExpected;
  }
  // Exceeded once in 10,000 times (Wilson and Hilferty 1931; 23.5 for 4 degrees of freedom).
  const n = Math.max(degrees, 1);
  const limit = n * (1 - 2 / (9 * n) + 3.719 * Math.sqrt(2 / (9 * n))) ** 3;
  assertLess(chiSquared, limit, `${actual}`);
}

Deno.test("chooseToken draws from the softmax", () =>
  onBothKinds(gpu, async () => {
    assertDistributed(await counts(LOGITS, {}), softmax(LOGITS));
  }));

Deno.test("chooseToken: the temperature divides the logits", async () => {
  for (const temperature of [0.5, 2]) {
    assertDistributed(await counts(LOGITS, { temperature }), softmax(LOGITS, temperature));
  }
});

Deno.test("chooseToken: temperature 0 takes the likeliest, of equal ones the first", () =>
  onBothKinds(gpu, async () => {
    const rows = [LOGITS, Float32Array.of(1, 3, 3, 2, -5), Float32Array.of(-4, -5, -3, -3, -9)];
    for (const options of [{ temperature: 0 }, { topK: 1 }, { topK: 1, topP: 0.5 }]) {
      assertEquals(await choose(rows, options), Uint32Array.of(1, 1, 2));
      assertEquals(await choose([Float32Array.of(-5)], options), Uint32Array.of(0));
      assertEquals(await choose([Float32Array.of(-0, 0, -1)], options), Uint32Array.of(0));
    }
  }));

Deno.test("chooseToken: next to no temperature is as good as none, and an endless one as equal", async () => {
  for (const temperature of [1e-300, 1e-30]) {
    assertEquals(await counts(LOGITS, { temperature }), [0, DRAWS, 0, 0, 0]);
  }
  assertDistributed(await counts(LOGITS, { temperature: 1e300 }), Array(5).fill(0.2));
});

Deno.test("chooseToken: top-k", () =>
  onBothKinds(gpu, async () => {
    assertDistributed(await counts(LOGITS, { topK: 3 }), softmax(LOGITS, 1, [0, 1, 3]));
    assertDistributed(await counts(LOGITS, { topK: 1 }), [0, 1, 0, 0, 0]);
    assertDistributed(await counts(LOGITS, { topK: 99 }), softmax(LOGITS));
  }));

Deno.test("chooseToken: top-p keeps the fewest likeliest tokens that reach it", async () => {
  // 0.13, 0.57, 0.03, 0.21, 0.08
  assertDistributed(await counts(LOGITS, { topP: 0.5 }), [0, 1, 0, 0, 0]);
  assertDistributed(await counts(LOGITS, { topP: 0.6 }), softmax(LOGITS, 1, [1, 3]));
  assertDistributed(await counts(LOGITS, { topP: 0.8 }), softmax(LOGITS, 1, [0, 1, 3]));
  assertDistributed(await counts(LOGITS, { topP: 1e-9 }), [0, 1, 0, 0, 0]);
  assertDistributed(await counts(LOGITS, { topP: 0.999_999 }), softmax(LOGITS));
});

Deno.test("chooseToken: top-p is of what the temperature and top-k left", async () => {
  // At temperature 2: 0.2, 0.42, 0.09, 0.25, 0.15, and 0.23, 0.48, 0.29 of the first three.
  const three = softmax(LOGITS, 2, [0, 1, 3]);
  assertDistributed(await counts(LOGITS, { temperature: 2, topK: 3, topP: 0.8 }), three);
  const two = softmax(LOGITS, 2, [1, 3]);
  assertDistributed(await counts(LOGITS, { temperature: 2, topK: 3, topP: 0.75 }), two);
});

Deno.test("chooseToken: of equally likely tokens the first are kept", () =>
  onBothKinds(gpu, async () => {
    const equal = new Float32Array(5);
    assertDistributed(await counts(equal, {}), [0.2, 0.2, 0.2, 0.2, 0.2]);
    assertDistributed(await counts(equal, { topK: 2 }), [0.5, 0.5, 0, 0, 0]);
    assertDistributed(await counts(equal, { topP: 0.6 - 1e-9 }), [1 / 3, 1 / 3, 1 / 3, 0, 0]);
    assertDistributed(await counts(equal, { topK: 4, topP: 0.5 }), [0.5, 0.5, 0, 0, 0]);
  }));

Deno.test("chooseToken: what has a logit of -Infinity is never drawn", async () => {
  const logits = Float32Array.of(-Infinity, 1, 1, -Infinity, -Infinity);
  for (const options of [{}, { topK: 4 }, { topP: 0.999 }, { temperature: 3 }]) {
    assertDistributed(await counts(logits, options), [0, 0.5, 0.5, 0, 0]);
  }
});

Deno.test("chooseToken: a model whose logits are no numbers is told of", () =>
  onBothKinds(gpu, async () => {
    for (const unfit of [NaN, Infinity]) {
      for (const temperature of [0, 1]) {
        const rows = [LOGITS, LOGITS.with(3, unfit), LOGITS.with(0, unfit).with(4, -unfit)];
        const [first, ...chosen] = await choose(rows, { temperature });
        checkChosen(first);
        for (const token of chosen) {
          const message = `the model gives a logit of ${unfit}`;
          assertThrows(() => checkChosen(token), UserError, message);
        }
      }
    }
  }));

Deno.test("chooseToken: logits of any size", async () => {
  assertDistributed(await counts(LOGITS.map((logit) => logit + 1024), {}), softmax(LOGITS));
  for (const options of [{}, { topP: 0.5 }, { topK: 2 }]) {
    assertEquals(await counts(Float32Array.of(-3e38, 3e38, -1), options), [0, DRAWS, 0]);
  }
});

Deno.test("chooseToken: the distribution is the reference's for random logits of odd sizes", async () => {
  for (const [V, scale] of [[1, 1], [2, 1], [7, 2], [130, 3], [1023, 4]]) {
    const logits = Float32Array.from(randomArray(random, V, scale));
    // Some that are equal.
    for (let i = 0; i < V / 10; i++) logits[random.below(V)] = logits[0];
    const cases = [
      {},
      { topK: Math.ceil(V / 3) },
      { topP: 0.7, temperature: 0.8 },
      { topK: V + 5, topP: 0.95 },
      { topK: Math.ceil(V / 2), topP: 0.9, temperature: 1.5 },
    ];
    for (const options of cases) {
      assertDistributed(await counts(logits, options), distribution(logits, options));
    }
  }
});

Deno.test("chooseToken: of GPT-2's vocabulary exactly what is kept is ever drawn", async () => {
  // Few are kept, so that all of them are drawn.
  const V = 50_257;
  const logits = Float32Array.from(randomArray(random, V, 3));
  const ties = randomIntegers(random, 40, V);
  for (const token of ties) logits[token] = 11.5;
  const rows = Array.from({ length: 40 }, () => logits);
  for (const options of [{ topK: 7 }, { topP: 0.02 }, { topK: 60, topP: 0.1 }, { topK: 3 }]) {
    const probabilities = distribution(logits, options);
    for (let before = 0; before < 4; before++) {
      const chosen = await choose(rows, options, { before });
      for (const token of chosen) assert(probabilities[token] > 0, `${token} is not kept`);
    }
  }
});

Deno.test("chooseToken: the same seed and place draw the same, whatever the other rows are", async () => {
  const rows = Array.from({ length: 50 }, () => LOGITS);
  const first = await choose(rows, {}, { before: 5 });
  assertEquals(await choose(rows, {}, { before: 5 }), first);
  assertEquals(await choose(rows.slice(0, 9), {}, { before: 5 }), first.slice(0, 9));
  assertNotEquals(await choose(rows, {}, { before: 6 }), first);
  assertNotEquals(await choose(rows, {}, { before: 5, high: 1 }), first);
});

Deno.test("chooseToken: its random numbers are the reference's", async () => {
  const source = `
    @group(0) @binding(0) var<uniform> count: u32;
    @group(0) @binding(1) var<storage, read_write> values: array<vec4u>;
    //: include threefry
    @compute @workgroup_size(1)
    fn main(@builtin(global_invocation_id) id: vec3u) {
      if (id.x < count) {
        let bits = threefry(values[id.x].xy, values[id.x].zw);
        values[id.x] = vec4u(bits, 0u, 0u);
      }
    }`;
  const count = 100;
  const inputs = Uint32Array.from({ length: 4 * count }, () => random.uint32());
  const values = gpu.tensorFrom("values", [4 * count], inputs);
  using plan = new Plan(gpu);
  plan.dispatch(gpu.kernel("threefry", source, {}, THREEFRY), [count], [count], [values]);
  plan.run();
  const bits = await gpu.readIntegers(values);
  for (let i = 0; i < 4 * count; i += 4) {
    const [a, b, c, d] = inputs.subarray(i, i + 4);
    assertEquals([...bits.subarray(i, i + 2)], threefry([a, b], [c, d]));
  }
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
