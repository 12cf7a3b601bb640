import { f32, Plan, spread } from "../src/gpu/plan.ts";
import type { Stopwatch } from "./stopwatch.ts";
import copySource from "./copy.wgsl" with { type: "text" };
import multiplyAddSource from "./multiply_add.wgsl" with { type: "text" };

/** The most that the adapter does. */
export interface Peak {
  /** Floating-point operations per second. */
  flops: number;
  /** Bytes per second, read and written ones added up. */
  bandwidth: number;
}

/** How much the two kernels do in a run. */
export interface PeakSizes {
  /** Workgroups that multiply and add. */
  workgroups: number;
  /** Bytes that are copied at most, a power of two: more than caches hold. */
  bytes: number;
}

const THREADS = 64;
const UNROLL = 32;

/** Measures the peak: the best round of a few forms of each kernel. */
export async function measurePeak(measuring: Stopwatch, sizes: PeakSizes): Promise<Peak> {
  const stopwatch = measuring.with({ statistic: (seconds) => Math.min(...seconds) });
  return {
    flops: await peakFlops(stopwatch, sizes.workgroups),
    bandwidth: await peakBandwidth(stopwatch, sizes.bytes),
  };
}

async function peakFlops(stopwatch: Stopwatch, workgroups: number): Promise<number> {
  const { gpu } = stopwatch;
  const rounds = gpu.isSoftware ? 16 : 1024;
  const out = gpu.tensor("peak", [workgroups * THREADS, 4]);
  let best = 0;
  for (const ACCUMULATORS of [2, 3]) {
    for (const FUSED of [true, false]) {
      const constants = { THREADS, UNROLL, ACCUMULATORS, FUSED };
      const kernel = gpu.kernel("multiply_add", multiplyAddSource, constants);
      using plan = new Plan(gpu);
      plan.dispatch(kernel, [workgroups], [rounds, f32(0.999), f32(0.001)], [out]);
      const flops = 2 * 4 * ACCUMULATORS * UNROLL * rounds * workgroups * THREADS;
      const [seconds] = await stopwatch.measure(() => plan.run());
      best = Math.max(best, flops / seconds);
    }
  }
  gpu.free(out);
  return best;
}

async function peakBandwidth(stopwatch: Stopwatch, most: number): Promise<number> {
  const { gpu } = stopwatch;
  // A multiple of what the workgroups of every form copy.
  const bytes = Math.min(most, 2 ** Math.floor(Math.log2(gpu.maxBindingBytes)));
  const [from, to] = ["from", "to"].map((label) => gpu.tensor(label, [bytes / 4]));
  let best = 0;
  for (const VECTORS of [4, 16]) {
    for (const INTERLEAVED of [true, false]) {
      const constants = { THREADS, VECTORS, INTERLEAVED };
      using plan = new Plan(gpu);
      plan.dispatch(
        gpu.kernel("copy", copySource, constants),
        spread(bytes / 16 / VECTORS / THREADS),
        [bytes / 16],
        [from, to],
      );
      const [seconds] = await stopwatch.measure(() => plan.run());
      best = Math.max(best, 2 * bytes / seconds);
    }
  }
  gpu.free(from, to);
  return best;
}
