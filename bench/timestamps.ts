import { f32, Plan } from "../src/gpu/plan.ts";
import { hasTimestamps, Profile } from "../src/gpu/profile.ts";
import type { Stopwatch } from "./stopwatch.ts";
import multiplyAddSource from "./multiply_add.wgsl" with { type: "text" };

/** A job of the GPU's, as the host's clock and the GPU's have measured it. */
export interface Timing {
  /** By the host's. */
  nanoseconds: number;
  /** Of the GPU's timestamps. */
  ticks: number;
}

/** How far from 1 ns a tick may seem to be, and still be taken for one. */
const TOLERANCE = 0.25;

/** A job takes so many nanoseconds at least. */
const JOB = 2e8;
const JOBS = 5;

/**
 * Nanoseconds of a tick of timestamps. WebGPU wants them to be 1 ns; some adapters pass on their own
 * clock's, of 10 ns or more.
 *
 * @returns undefined if the GPU's clock stands still.
 */
export function tickLength(timings: readonly Timing[]): number | undefined {
  // What else happens makes jobs longer to the host, and never shorter.
  const length = Math.min(...timings.map(({ nanoseconds, ticks }) => nanoseconds / ticks));
  if (!Number.isFinite(length)) return undefined;
  return Math.abs(length - 1) <= TOLERANCE ? 1 : length;
}

/**
 * Measures {@linkcode tickLength} by jobs of 0.2 s.
 *
 * @returns undefined if the adapter has no timestamps that mean anything.
 */
export async function measureTick(stopwatch: Stopwatch): Promise<number | undefined> {
  const { gpu } = stopwatch;
  if (!hasTimestamps(gpu)) return undefined;
  const constants = { THREADS: 64, UNROLL: 32, ACCUMULATORS: 2, FUSED: true };
  const kernel = gpu.kernel("multiply_add", multiplyAddSource, constants);
  const out = gpu.tensor("tick", [64, 4]);
  using plan = new Plan(gpu);
  plan.section("job");
  plan.dispatch(kernel, [1], [60_000, f32(0.999), f32(0.001)], [out]);
  using profile = new Profile(gpu, 1);
  gpu.observer = profile;
  /** One section, from the begin of the first run to the end of the last. */
  const time = async (runs: number): Promise<Timing> => {
    const nanoseconds = 1e9 * runs * await stopwatch.time(() => plan.run(), runs);
    return { nanoseconds, ticks: (await profile.seconds()).get("job")! };
  };
  try {
    let runs = 1;
    await time(runs); // compiles
    while ((await time(runs)).nanoseconds < JOB) runs *= 2;
    const timings: Timing[] = [];
    for (let i = 0; i < JOBS; i++) timings.push(await time(runs));
    return tickLength(timings);
  } finally {
    gpu.free(out);
  }
}
