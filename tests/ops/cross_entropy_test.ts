import { assertAlmostEquals, assertEquals } from "@std/assert";
import { rowSlices } from "../../src/gpu/tensor.ts";
import { crossEntropy, logitRows, paddedVocabulary } from "../../src/ops/cross_entropy.ts";
import { Random } from "../../src/random.ts";
import * as reference from "../reference/ops/cross_entropy.ts";
import * as linear from "../reference/ops/linear.ts";
import { transpose } from "../reference/ops/transpose.ts";
import { randomIntegers } from "../reference/random.ts";
import {
  assertClose,
  BACKWARD,
  FORWARD,
  onBothKinds,
  onKind,
  openTestGpu,
  randomValues,
  run,
  unwritten,
  upload,
  uploadIntegers,
} from "./helpers.ts";

// Room for 64 rows of 256 logits.
const gpu = await openTestGpu({ maxBindingBytes: 65_536 });
const random = new Random(8);

/** Largest relative error of what is rounded to 11 bits. */
const HALF = 2e-3;

interface Inputs {
  /** Rows, width and vocabulary. */
  N: number;
  C: number;
  V: number;
  /** (N, C) */
  x: Float64Array;
  /** (V, C) */
  wte: Float64Array;
  targets: Uint32Array;
}

function randomInputs(N: number, C: number, V: number): Inputs {
  const x = randomValues(random, N * C);
  const wte = randomValues(random, V * C, 0.5);
  return { N, C, V, x, wte, targets: randomIntegers(random, N, V) };
}

/** @param type That of activations and weights. */
async function lossAndGradients({ N, C, V, ...values }: Inputs, type: "f32" | "f16" = "f32") {
  const padded = paddedVocabulary(V);
  const wte = gpu.tensor("wte", [V, C], type, padded * C);
  gpu.write(wte, Float32Array.from(values.wte));
  // The gradient is added to what is there.
  const old = randomValues(random, V * C);
  const before = gpu.tensor("old", [padded, C]);
  gpu.write(before, Float32Array.from(old));
  const op = {
    x: gpu.tensorFrom("x", [N, C], Float32Array.from(values.x), type),
    wte,
    targets: uploadIntegers(gpu, values.targets),
    losses: unwritten(gpu, N),
    logits: unwritten(gpu, logitRows(gpu, N, V), padded),
    dx: gpu.tensorFrom("dx", [N, C], new Float32Array(N * C).fill(NaN), type),
    dwte: gpu.tensor("dwte", [padded, C]),
  };
  const [losses, dx, dwte] = await run(
    gpu,
    (plan) => {
      plan.copy(before, op.dwte);
      crossEntropy(gpu, plan, op);
    },
    ...[op.losses, op.dx, op.dwte],
  );
  assertEquals(dwte.slice(V * C), new Float32Array((padded - V) * C), "padding has no gradient");
  return { losses, dx, dwte: dwte.slice(0, V * C).map((value, i) => value - old[i]) };
}

function expectedOf({ N, C, V, x, wte, targets }: Inputs) {
  const head = transpose(wte, V, C);
  const logits = linear.forward(x, head, new Float64Array(V), N, C, V);
  const { losses } = reference.forward(logits, targets, N, V);
  const { dlogits } = reference.backward(logits, targets, N, V);
  const { dx, dweight } = linear.backward(dlogits, x, head, N, C, V);
  return { losses, dx, dwte: transpose(dweight, C, V) };
}

async function check(inputs: Inputs, type: "f32" | "f16" = "f32"): Promise<void> {
  const actual = await lossAndGradients(inputs, type);
  const expected = expectedOf(inputs);
  assertClose(actual.losses, expected.losses, FORWARD, "losses");
  assertClose(actual.dx, expected.dx, type === "f16" ? HALF : BACKWARD, "dx");
  assertClose(actual.dwte, expected.dwte, BACKWARD, "dwte");
}

// Vocabularies smaller than a workgroup, and with 0, 1, 2 and 3 rows of padding.
for (const [N, C, V] of [[1, 6, 3], [3, 7, 5], [5, 6, 12], [70, 5, 54], [65, 9, 255]]) {
  Deno.test(`cross-entropy: ${N} rows, width ${C}, vocabulary ${V}`, async () => {
    const inputs = randomInputs(N, C, V);
    await onBothKinds(gpu, () => check(inputs));
  });
}

Deno.test("cross-entropy: several chunks of rows, an embedding larger than one binding", async () => {
  // Whole vec4s on GPUs only: the software driver's tiles for them take seconds to compile, and
  // the matrix products' own tests check them.
  for (const [C, kind] of [[99, "software"], [99, "GPU"], [100, "GPU"]] as const) {
    const [N, V] = [150, 253];
    assertEquals(logitRows(gpu, N, V), 64);
    assertEquals(rowSlices(paddedVocabulary(V), C, gpu.maxBindingBytes).length, 2);
    const inputs = randomInputs(N, C, V);
    inputs.wte = inputs.wte.map((value) => Math.fround(value / 4));
    inputs.targets.set([0, 127, 128, 252, 252, 0], 62); // around the ends of chunks and bindings
    await onKind(gpu, kind, () => check(inputs));
  }
});

Deno.test("cross-entropy: in 16 bits, where only the gradient is larger than one binding", async () => {
  const inputs = randomInputs(70, 98, 253);
  inputs.x = inputs.x.map(Math.f16round);
  inputs.wte = inputs.wte.map((value) => Math.f16round(value / 4));
  assertEquals(rowSlices(256, 98, gpu.maxBindingBytes, "f16").length, 1);
  assertEquals(rowSlices(256, 98, gpu.maxBindingBytes).length, 2);
  await check(inputs, "f16");
});

Deno.test("cross-entropy: without gradients only the losses", async () => {
  const inputs = randomInputs(70, 6, 54);
  const wte = gpu.tensor("wte", [54, 6], "f32", 56 * 6);
  gpu.write(wte, Float32Array.from(inputs.wte));
  const losses = unwritten(gpu, 70);
  const op = {
    x: upload(gpu, [70, 6], inputs.x),
    wte,
    targets: uploadIntegers(gpu, inputs.targets),
    losses,
    logits: unwritten(gpu, 64, 56),
  };
  const [result] = await run(gpu, (plan) => crossEntropy(gpu, plan, op), losses);
  assertClose(result, expectedOf(inputs).losses, FORWARD);
});

Deno.test("cross-entropy: marks targets than which no token is likelier", async () => {
  const inputs = randomInputs(70, 6, 53);
  const { N, C, V, x } = inputs;
  const logits = linear.forward(x, transpose(inputs.wte, V, C), new Float64Array(V), N, C, V);
  const likeliest = Array.from({ length: N }, (_, row) => {
    const its = logits.subarray(row * V, (row + 1) * V);
    return its.indexOf(Math.max(...its));
  });
  for (let row = 0; row < N; row += 2) inputs.targets[row] = likeliest[row];
  const wte = gpu.tensor("wte", [V, C], "f32", 56 * C);
  gpu.write(wte, Float32Array.from(inputs.wte));
  await onBothKinds(gpu, async () => {
    const op = {
      x: upload(gpu, [N, C], x),
      wte,
      targets: uploadIntegers(gpu, inputs.targets),
      losses: unwritten(gpu, N),
      hits: unwritten(gpu, N),
      logits: unwritten(gpu, 64, 56),
    };
    const results = await run(gpu, (plan) => crossEntropy(gpu, plan, op), op.losses, op.hits);
    assertClose(results[0], expectedOf(inputs).losses, FORWARD);
    const expected = likeliest.map((token, row) => Number(token === inputs.targets[row]));
    assertEquals([...results[1]], expected);
  });
});

Deno.test("cross-entropy: equal logits lose ln V", async () => {
  for (const V of [1, 2, 253]) {
    const inputs = randomInputs(4, 6, V);
    inputs.wte.fill(0);
    const { losses } = await lossAndGradients(inputs);
    losses.forEach((loss) => assertAlmostEquals(loss, Math.log(V), 1e-5));
  }
});

Deno.test("cross-entropy: huge logits do not overflow", async () => {
  // Whole numbers, whose products, some 100,000, are exact in float32.
  const inputs = randomInputs(20, 6, 54);
  inputs.x = Float64Array.from(randomIntegers(random, 120, 401), (value) => value - 200);
  inputs.wte = Float64Array.from(randomIntegers(random, 54 * 6, 401), (value) => value - 200);
  await check(inputs);
  // All of them far below 0, where exp gives 0.
  inputs.x = inputs.x.map((value) => -Math.abs(value) - 1);
  inputs.wte = inputs.wte.map((value) => Math.abs(value) + 1);
  await check(inputs);
});

Deno.test("cross-entropy: rows of logits held at once", () => {
  assertEquals(paddedVocabulary(50_257), 50_260);
  assertEquals(logitRows(gpu, 1000, 253), 64);
  assertEquals(logitRows(gpu, 1000, 100), 128);
  assertEquals(logitRows(gpu, 100, 100), 100);
  // Even where they exceed the budget.
  assertEquals(logitRows(gpu, 1000, 50_257), 64);
});
