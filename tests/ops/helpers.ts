import { assertLess } from "@std/assert";
import { Gpu, type OpenGpuOptions } from "../../src/gpu/gpu.ts";
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
  Deno.test.afterAll(() => gpu[Symbol.dispose]());
  return gpu;
}

/** Runs `body` once with the kernels chosen for software adapters and once with those for GPUs. */
export async function onBothKinds(gpu: Gpu, body: () => Promise<void>): Promise<void> {
  const adapter: { isSoftware: boolean } = gpu;
  const { isSoftware } = adapter;
  try {
    for (adapter.isSoftware of [true, false]) await body();
  } finally {
    adapter.isSoftware = isSoftware;
  }
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

/** Builds a plan and runs it once. */
export function runOnce(gpu: Gpu, build: (plan: Plan) => void): void {
  const plan = new Plan(gpu);
  build(plan);
  plan.run();
}

/** Asserts that a tensor holds `expected` to the given relative error. */
export async function assertClose(
  gpu: Gpu,
  actual: Tensor,
  expected: ArrayLike<number>,
  tolerance: number,
  what = "",
): Promise<void> {
  assertLess(relativeError(await gpu.read(actual), expected), tolerance, what);
}
