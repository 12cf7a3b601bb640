import { assert, assertLess } from "@std/assert";
import { canReadTexels, Gpu, type OpenGpuOptions } from "../../src/gpu/gpu.ts";
import { Plan } from "../../src/gpu/plan.ts";
import type { Tensor } from "../../src/gpu/tensor.ts";
import type { Random } from "../../src/random.ts";
import { relativeError } from "../reference/compare.ts";
import { randomArray } from "../reference/random.ts";

/** Largest relative error of a forward pass. */
export const FORWARD = 1e-5;
/** Largest relative error of a backward pass. */
export const BACKWARD = 1e-4;

/** Opens a device for the tests of one file, closed after the last of them. */
export async function openTestGpu(options?: OpenGpuOptions): Promise<Gpu> {
  const gpu = await Gpu.open(options);
  Deno.test.afterAll(async () => {
    // The software driver may not have its memory taken away under running work.
    await gpu.device.queue.onSubmittedWorkDone();
    gpu[Symbol.dispose]();
  });
  return gpu;
}

/** Runs `body` with the kernels chosen for software adapters, or with those for GPUs. */
export async function onKind(
  gpu: Gpu,
  kind: "software" | "GPU",
  body: () => Promise<void>,
): Promise<void> {
  const adapter: { isSoftware: boolean; readsTexels: boolean } = gpu;
  const { isSoftware, readsTexels } = adapter;
  adapter.isSoftware = kind === "software";
  adapter.readsTexels = adapter.isSoftware && canReadTexels();
  try {
    await body();
  } finally {
    Object.assign(adapter, { isSoftware, readsTexels });
  }
}

/** Runs `body` once with the kernels chosen for software adapters and once with those for GPUs. */
export async function onBothKinds(gpu: Gpu, body: () => Promise<void>): Promise<void> {
  await onKind(gpu, "software", body);
  await onKind(gpu, "GPU", body);
}

/** n normally distributed float32 numbers: what a kernel gets is exactly what the reference gets. */
export function randomValues(random: Random, n: number, scale = 1): Float64Array {
  return randomArray(random, n, scale).map(Math.fround);
}

/** A tensor of these numbers. */
export function upload(gpu: Gpu, shape: readonly number[], values: ArrayLike<number>): Tensor {
  return gpu.tensorFrom("test", shape, Float32Array.from(values));
}

/** A tensor of these unsigned integers. */
export function uploadIntegers(gpu: Gpu, values: ArrayLike<number>): Tensor {
  return gpu.tensorFrom("test", [values.length], Uint32Array.from(values));
}

/** A tensor of NaN, for what a kernel must overwrite without reading. */
export function unwritten(gpu: Gpu, ...shape: number[]): Tensor {
  return upload(gpu, shape, new Float32Array(shape.reduce((a, b) => a * b)).fill(NaN));
}

/**
 * Builds a plan, runs it twice, and reads `outputs` after each run: the two must agree in every
 * bit, so the plan has to set what it accumulates into by a copy or a clear.
 */
export async function run(
  gpu: Gpu,
  build: (plan: Plan) => void,
  ...outputs: Tensor[]
): Promise<Float32Array[]> {
  const plan = new Plan(gpu);
  build(plan);
  const runAndRead = () => {
    plan.run();
    return Promise.all(outputs.map((output) => gpu.read(output)));
  };
  const [first, second] = await Promise.all([runAndRead(), runAndRead()]);
  first.forEach((values, i) => assert(sameBits(values, second[i]), "a second run differs"));
  return first;
}

function sameBits(a: Float32Array, b: Float32Array): boolean {
  const bits = new Uint32Array(b.buffer);
  return new Uint32Array(a.buffer).every((value, i) => value === bits[i]);
}

/** Asserts that `actual` is `expected` to the given relative error. */
export function assertClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  what = "",
): void {
  assertLess(relativeError(actual, expected), tolerance, what);
}
