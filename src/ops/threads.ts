import type { Gpu } from "../gpu/gpu.ts";

/** Workgroup size of kernels in which every invocation works by itself. */
export const THREADS = 64;

/**
 * Workgroup size of kernels in which a workgroup shares one row. The software driver runs a
 * workgroup on one core, 8 invocations at a time, and pays for every barrier.
 */
export function rowThreads(gpu: Gpu): number {
  return gpu.isSoftware ? 8 : 128;
}
