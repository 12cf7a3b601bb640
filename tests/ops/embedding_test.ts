import { assertEquals } from "@std/assert";
import { rowSlices } from "../../src/gpu/tensor.ts";
import { embedding, embeddingBackward, sortedPlaces } from "../../src/ops/embedding.ts";
import { Random } from "../../src/random.ts";
import * as reference from "../reference/ops/embedding.ts";
import { randomIntegers } from "../reference/random.ts";
import {
  assertClose,
  BACKWARD,
  FORWARD,
  openTestGpu,
  randomValues,
  run,
  unwritten,
  upload,
  uploadIntegers,
} from "./helpers.ts";

const gpu = await openTestGpu({ maxBindingBytes: 16_384 });
const random = new Random(7);

async function forwardAndBackward(
  { B, T, C, V, context }: reference.EmbeddingSizes,
  tokens: Uint32Array,
  start = 0,
) {
  const values = {
    wte: randomValues(random, V * C),
    wpe: randomValues(random, context * C),
    dx: randomValues(random, B * T * C),
    // What the gradients are added to.
    dwte: randomValues(random, V * C),
    dwpe: randomValues(random, context * C),
  };
  const op = {
    tokens: uploadIntegers(gpu, tokens),
    order: uploadIntegers(gpu, sortedPlaces(tokens)),
    start: uploadIntegers(gpu, [start]),
    wte: upload(gpu, [V, C], values.wte),
    wpe: upload(gpu, [context, C], values.wpe),
    x: unwritten(gpu, B * T, C),
    dx: upload(gpu, [B * T, C], values.dx),
    dwte: unwritten(gpu, V, C),
    dwpe: unwritten(gpu, context, C),
    length: T,
  };
  const old = [upload(gpu, [V, C], values.dwte), upload(gpu, [context, C], values.dwpe)];
  const [x, dwte, dwpe] = await run(
    gpu,
    (plan) => {
      plan.copy(old[0], op.dwte);
      plan.copy(old[1], op.dwpe);
      embedding(gpu, plan, op);
      embeddingBackward(gpu, plan, op);
    },
    ...[op.x, op.dwte, op.dwpe],
  );
  return { values, x, dwte, dwpe };
}

/** Compares the kernels with the reference for given tokens, or random ones. */
async function check(sizes: reference.EmbeddingSizes, tokens?: Uint32Array): Promise<void> {
  tokens ??= randomIntegers(random, sizes.B * sizes.T, sizes.V);
  const { values, x, dwte, dwpe } = await forwardAndBackward(sizes, tokens);
  const gradients = reference.backward(values.dx, tokens, sizes);
  const plus = (a: Float64Array, b: Float64Array) => a.map((value, i) => value + b[i]);
  assertClose(x, reference.forward(tokens, values.wte, values.wpe, sizes), FORWARD, "x");
  assertClose(dwte, plus(gradients.dwte, values.dwte), BACKWARD, "dwte");
  assertClose(dwpe, plus(gradients.dwpe, values.dwpe), BACKWARD, "dwpe");
}

for (
  const sizes of [
    { B: 1, T: 1, C: 1, V: 1, context: 1 },
    { B: 1, T: 1, C: 6, V: 11, context: 5 },
    { B: 3, T: 5, C: 6, V: 11, context: 5 },
    { B: 2, T: 33, C: 20, V: 50, context: 40 },
  ]
) {
  Deno.test(`embedding: ${JSON.stringify(sizes)}`, () => check(sizes));
}

Deno.test("embedding: one token all over", () =>
  check({ B: 2, T: 60, C: 10, V: 7, context: 60 }, new Uint32Array(120).fill(6)));

Deno.test("embedding: a table larger than one binding", async () => {
  const sizes = { B: 2, T: 70, C: 20, V: 500, context: 70 };
  assertEquals(rowSlices(sizes.V, sizes.C, gpu.maxBindingBytes).length, 3);
  await check(sizes);
  // The first and last token of each binding.
  const edges = [0, 191, 192, 383, 384, 499];
  await check(sizes, randomIntegers(random, 140, edges.length).map((i) => edges[i]));
});

Deno.test("embedding: positions from a later one on, the last standing for those beyond", async () => {
  const sizes = { B: 2, T: 4, C: 3, V: 5, context: 7 };
  const tokens = randomIntegers(random, 8, 5);
  for (const start of [2, 3, 5]) {
    const { values, x } = await forwardAndBackward(sizes, tokens, start);
    const positions = [0, 1, 2, 3].map((t) => Math.min(start + t, 6));
    const wpe = positions.flatMap((row) => [...values.wpe.subarray(row * 3, row * 3 + 3)]);
    const expected = reference.forward(tokens, values.wte, Float64Array.from(wpe), sizes);
    assertClose(x, expected, FORWARD, `from ${start}`);
  }
});

Deno.test("sorted places: by token, then by place", () => {
  assertEquals(sortedPlaces(Uint32Array.of(5, 0, 5, 50_256, 0)), Uint32Array.of(1, 4, 0, 2, 3));
  assertEquals(sortedPlaces(new Uint32Array(0)), new Uint32Array(0));
  const tokens = randomIntegers(random, 1000, 50_257);
  const order = sortedPlaces(tokens);
  assertEquals([...order].sort((a, b) => a - b), [...tokens.keys()]);
  for (let i = 1; i < order.length; i++) {
    const [p, q] = [order[i - 1], order[i]];
    assertEquals(tokens[p] < tokens[q] || (tokens[p] === tokens[q] && p < q), true);
  }
});
