import type { Gpu } from "./gpu.ts";
import type { Kernel } from "./kernel.ts";
import type { Plan } from "./plan.ts";

/** Milliseconds for a batch of kernels below which the next one may be twice as large. */
const QUICK = 50;

/** How to compile. */
export interface CompileOptions {
  /** Called before the first kernel is compiled, and after some each, if there are any to compile. */
  onProgress?: (done: number, kernels: number) => void;
  /** Stops after the kernels that are being compiled when aborted. */
  signal?: AbortSignal;
}

/**
 * Compiles the kernels of plans that have not been compiled so yet, so that the first run of a plan
 * takes no longer than the others.
 */
export async function compileKernels(
  gpu: Gpu,
  plans: readonly Plan[],
  { onProgress, signal }: CompileOptions = {},
): Promise<void> {
  const launches = new Map(plans.flatMap((plan) => [...plan.emptyLaunches()]));
  const open = [...launches].filter(([{ isCompiled }]) => !isCompiled);
  if (open.length > 0) onProgress?.(0, open.length);
  let size = 1;
  for (let done = 0; done < open.length && !signal?.aborted;) {
    const start = performance.now();
    const batch = open.slice(done, done + size);
    for (const [kernel, launch] of batch) compile(kernel, launch);
    await gpu.finish();
    done += batch.length;
    onProgress?.(done, open.length);
    // Each wait takes some milliseconds, which many small ones that a driver knows need not.
    size = performance.now() - start < QUICK ? 2 * size : 1;
  }
}

function compile(kernel: Kernel, launch: () => void): void {
  launch();
  kernel.isCompiled = true;
}
