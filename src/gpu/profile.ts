import type { Gpu } from "./gpu.ts";
import type { PlanObserver } from "./observer.ts";

/** A query set holds at most 4,096 timestamps, of which a pass writes two. */
const PASSES_PER_SET = 2048;

/**
 * Measures the sections of the plans that run, by timestamps that the GPU writes. It is at work
 * while it is the {@linkcode Gpu.observer}; {@linkcode Plan.section} names sections.
 */
export class Profile implements PlanObserver, Disposable {
  readonly #gpu: Gpu;
  readonly #tick: number;
  /** Query sets, one after the other. */
  readonly #queries: GPUQuerySet[] = [];
  /** The section of each pass so far. */
  readonly #passes: string[] = [];

  /**
   * @param tick Seconds that timestamps count by, which not every driver makes the nanoseconds that
   * they should be.
   * @throws {Error} If the adapter has no timestamps; see {@linkcode hasTimestamps}.
   */
  constructor(gpu: Gpu, tick = 1e-9) {
    if (!hasTimestamps(gpu)) throw new Error(`${gpu.adapterName} has no timestamps`);
    this.#gpu = gpu;
    this.#tick = tick;
  }

  includes(): boolean {
    return true;
  }

  timestampWrites(section: string): GPUComputePassTimestampWrites {
    const pass = this.#passes.push(section) - 1;
    const set = Math.floor(pass / PASSES_PER_SET);
    const first = 2 * (pass % PASSES_PER_SET);
    const querySet = this.#queries[set] ??= this.#gpu.device.createQuerySet({
      type: "timestamp",
      count: 2 * PASSES_PER_SET,
    });
    return { querySet, beginningOfPassWriteIndex: first, endOfPassWriteIndex: first + 1 };
  }

  /**
   * Seconds by section, since the last call or the beginning. A section that runs several times
   * counts each time, from the begin of its first pass to the end of its last.
   */
  async seconds(): Promise<Map<string, number>> {
    const { device } = this.#gpu;
    const sections = this.#passes.splice(0);
    const seconds = new Map<string, number>();
    if (sections.length === 0) return seconds;
    const size = 16 * sections.length;
    const { COPY_DST, COPY_SRC, MAP_READ, QUERY_RESOLVE } = GPUBufferUsage;
    const resolved = device.createBuffer({ size, usage: QUERY_RESOLVE | COPY_SRC });
    const staging = device.createBuffer({ size, usage: COPY_DST | MAP_READ });
    try {
      const encoder = device.createCommandEncoder();
      for (let first = 0; first < sections.length; first += PASSES_PER_SET) {
        const queries = this.#queries[first / PASSES_PER_SET];
        const passes = Math.min(PASSES_PER_SET, sections.length - first);
        encoder.resolveQuerySet(queries, 0, 2 * passes, resolved, 16 * first);
      }
      encoder.copyBufferToBuffer(resolved, 0, staging, 0, size);
      device.queue.submit([encoder.finish()]);
      await staging.mapAsync(GPUMapMode.READ);
      this.#gpu.check();
      const times = new BigUint64Array(staging.getMappedRange().slice(0));
      sections.forEach((section, first) => {
        if (first > 0 && sections[first - 1] === section) return;
        let last = first;
        while (sections[last + 1] === section) last++;
        const span = Number(times[2 * last + 1] - times[2 * first]) * this.#tick;
        seconds.set(section, (seconds.get(section) ?? 0) + span);
      });
      return seconds;
    } finally {
      resolved.destroy();
      staging.destroy();
    }
  }

  [Symbol.dispose](): void {
    if (this.#gpu.observer === this) this.#gpu.observer = undefined;
    for (const queries of this.#queries) queries.destroy();
  }
}

/** Whether {@linkcode Profile} works on this adapter. */
export function hasTimestamps(gpu: Gpu): boolean {
  return gpu.device.features.has("timestamp-query");
}

/** Lets only some sections of the plans run, to measure them by themselves. */
export function only(...sections: string[]): PlanObserver {
  return {
    includes: (section) => sections.includes(section),
    timestampWrites: () => undefined,
  };
}
