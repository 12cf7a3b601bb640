import { assert, assertEquals } from "@std/assert";
import type { TensorType } from "../../../src/gpu/tensor.ts";
import { attention, attentionBackward } from "../../../src/ops/attention/attention.ts";
import type { AttentionShape } from "../../../src/ops/attention/shapes.ts";
import { Random } from "../../../src/random.ts";
import * as reference from "../../reference/ops/attention.ts";
import { randomIntegers } from "../../reference/random.ts";
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
} from "../helpers.ts";

const gpu = await openTestGpu();
const random = new Random(6);
const zero = uploadIntegers(gpu, [0]);

/** Largest relative error of what is stored in 16 bits, rounded to 11. */
const HALF = 2e-3;

async function forwardAndBackward(
  shape: AttentionShape,
  qkv: Float64Array,
  dy: Float64Array,
  type: TensorType = "f32",
) {
  const { batch, length, heads, width } = shape;
  const typed = (columns: number, values: Float64Array) =>
    gpu.tensorFrom("test", [batch, length, columns], Float32Array.from(values), type);
  const tensors = {
    qkv: typed(3 * width, qkv),
    start: zero,
    y: typed(width, dy.map(() => NaN)),
    logSums: unwritten(gpu, batch, heads, length),
    deltas: unwritten(gpu, batch, heads, length),
    dy: typed(width, dy),
    dqkv: typed(3 * width, qkv.map(() => NaN)),
  };
  const [y, dqkv] = await run(
    gpu,
    (plan) => {
      attention(gpu, plan, { ...shape, ...tensors });
      attentionBackward(gpu, plan, { ...shape, ...tensors });
    },
    tensors.y,
    tensors.dqkv,
  );
  return { y, dqkv };
}

/** The reference's names for a shape. */
function sizesOf({ batch, length, heads, width }: AttentionShape) {
  return { B: batch, T: length, C: width, heads };
}

async function check(shape: AttentionShape, type: TensorType = "f32") {
  const { batch, length, width } = shape;
  const round = type === "f16" ? Math.f16round : Math.fround;
  const qkv = randomValues(random, batch * length * 3 * width).map(round);
  const dy = randomValues(random, batch * length * width).map(round);
  const { y, dqkv } = await forwardAndBackward(shape, qkv, dy, type);
  const sizes = sizesOf(shape);
  assertClose(y, reference.forward(qkv, sizes), type === "f16" ? HALF : FORWARD, "y");
  const expected = reference.backward(dy, qkv, sizes).dqkv;
  assertClose(dqkv, expected, type === "f16" ? HALF : BACKWARD, "dqkv");
}

// Heads of 3, 5, 4, 16 and 68 elements; with 68 the software driver's kernels compute one row each.
const SHAPES: AttentionShape[] = [
  { batch: 1, length: 1, heads: 2, width: 6 },
  { batch: 2, length: 5, heads: 2, width: 6 },
  { batch: 1, length: 70, heads: 2, width: 6 },
  { batch: 3, length: 7, heads: 3, width: 15 },
  { batch: 2, length: 33, heads: 3, width: 12 },
  { batch: 2, length: 66, heads: 2, width: 32 },
  { batch: 1, length: 9, heads: 1, width: 68 },
];

for (const shape of SHAPES) {
  const { batch, length, heads, width } = shape;
  Deno.test(`attention: ${batch} x ${length}, ${heads} heads of ${width / heads}`, () =>
    onBothKinds(gpu, () => check(shape)));
}

// Lengths around the edges of blocks of 64 rows, heads around those of panels of 16 columns and of
// blocks of 64.
const TILED: [batch: number, length: number, heads: number, headSize: number][] = [
  [1, 1, 1, 1],
  [2, 64, 1, 1],
  [2, 131, 3, 2],
  [1, 65, 2, 15],
  [3, 63, 1, 16],
  [1, 128, 2, 20],
  [1, 1, 2, 64],
  [2, 131, 3, 64],
  [1, 63, 1, 66],
  [2, 65, 2, 80],
  [1, 129, 2, 132],
  [1, 70, 1, 131],
];

for (const [batch, length, heads, headSize] of TILED) {
  const shape = { batch, length, heads, width: heads * headSize };
  const name = `attention in tiles: ${batch} x ${length}, ${heads} heads of ${headSize}`;
  Deno.test(name, () => onKind(gpu, "GPU", () => check(shape)));
  Deno.test(`${name}, in 16 bits`, () => onKind(gpu, "GPU", () => check(shape, "f16")));
}

for (const [known, starts] of [[9, [0, 1, 4, 8]], [140, [0, 1, 63, 100, 139]]] as const) {
  Deno.test(`attention: queries from a later row on, as with ${known} cached rows`, async () => {
    const shape = { batch: 2, heads: 3, width: 12 };
    const rows = known + 3;
    const sizes = { B: 2, T: known, C: 12, heads: 3 };
    const qkv = randomValues(random, 2 * known * 36);
    const expected = reference.forward(qkv, sizes);
    // A cache with room for more rows, which must not be read.
    const cache = new Float64Array(2 * rows * 36).fill(NaN);
    for (let b = 0; b < 2; b++) {
      cache.set(qkv.subarray(b * known * 36, (b + 1) * known * 36), b * rows * 36);
    }
    const cached = upload(gpu, [2, rows, 36], cache);
    await onBothKinds(gpu, async () => {
      for (const start of starts) {
        const length = known - start;
        const y = unwritten(gpu, 2, length, 12);
        const logSums = unwritten(gpu, 2, 3, length);
        const op = { ...shape, length, rows, qkv: cached, start: uploadIntegers(gpu, [start]) };
        const [result] = await run(gpu, (plan) => {
          attention(gpu, plan, { ...op, y, logSums });
        }, y);
        const part = [0, 1].flatMap((b) => [
          ...expected.subarray((b * known + start) * 12, (b + 1) * known * 12),
        ]);
        assertClose(result, part, FORWARD, `from row ${start}`);
      }
    });
  });
}

Deno.test("attention: large scores do not overflow", async () => {
  // Queries and keys of whole numbers, whose scores, some 100,000, are exact in float32.
  const shape = { batch: 1, length: 33, heads: 3, width: 12 };
  const sizes = sizesOf(shape);
  const whole = randomIntegers(random, 33 * 36, 601);
  const qkv = randomValues(random, 33 * 36).map((value, i) => i % 36 < 24 ? whole[i] - 300 : value);
  const dy = randomValues(random, 33 * 12);
  await onBothKinds(gpu, async () => {
    const { y, dqkv } = await forwardAndBackward(shape, qkv, dy);
    assertClose(y, reference.forward(qkv, sizes), FORWARD);
    assert(dqkv.every(Number.isFinite));
  });
});

Deno.test("attention: scores beyond float32's exponential", async () => {
  // One head of one element (query, key, value): scores of ±1e30 make the softmax a choice.
  const shape = { batch: 1, length: 3, heads: 1, width: 1 };
  const qkv = Float64Array.of(1, 1e30, 1, 1, -1e30, 2, -1, 5, 3).map(Math.fround);
  await onBothKinds(gpu, async () => {
    const { y } = await forwardAndBackward(shape, qkv, Float64Array.of(1, 1, 1));
    assertEquals(y, Float32Array.of(1, 1, 2));
  });
});
