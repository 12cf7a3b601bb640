import type { Plan } from "../../src/gpu/plan.ts";
import type { Peak } from "../peak.ts";
import type { Result } from "../result.ts";

/** An operation to be measured. */
export interface KernelCase {
  name: string;
  /** Floating-point operations that it needs, if that is what it does in the main. */
  flops?: number;
  /** Bytes that it has to read and write at least. */
  bytes: number;
  /** Appends it to a plan. */
  append(plan: Plan): void;
}

/** What a kernel achieved, and its share of the peak. */
export function kernelResult(
  { name, flops, bytes }: Pick<KernelCase, "name" | "flops" | "bytes">,
  seconds: number,
  peak: Peak,
): Result {
  return {
    name,
    ms: seconds * 1000,
    ...flops && { "GFLOP/s": flops / seconds / 1e9 },
    "GB/s": bytes / seconds / 1e9,
    ...flops && { "% of multiply-adds": 100 * flops / seconds / peak.flops },
    "% of copy": 100 * bytes / seconds / peak.bandwidth,
  };
}
