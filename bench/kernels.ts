import type { Gpu } from "../src/gpu/gpu.ts";
import { Plan } from "../src/gpu/plan.ts";
import { type KernelCase, kernelResult } from "./kernels/case.ts";
import { attentionCases } from "./kernels/attention.ts";
import { benchCrossEntropy } from "./kernels/cross_entropy.ts";
import { benchOptimizers } from "./kernels/optimizers.ts";
import { blockProducts, squareProducts } from "./kernels/products.ts";
import { rowCases } from "./kernels/rows.ts";
import { DISCRETE, type KernelSizes, SOFTWARE } from "./kernels/sizes.ts";
import { measurePeak } from "./peak.ts";
import type { Result } from "./result.ts";
import { Scratch } from "./scratch.ts";
import type { Machine } from "./machine.ts";
import type { Stopwatch } from "./stopwatch.ts";

/** Work shorter than this is submitted many times at once: submitting takes time too. */
const SHORT_SECONDS = 0.002;
const REPEATS = 32;

/**
 * Measures each operation, forward and backward, against what the adapter does at most: a plain
 * loop of multiply-adds, and a copy.
 */
export async function* benchKernels(
  machine: Machine,
  sizes: KernelSizes = machine.gpu.isSoftware ? SOFTWARE : DISCRETE,
): AsyncGenerator<Result> {
  const { gpu, stopwatch } = machine;
  const peak = await measurePeak(stopwatch, sizes.peak);
  yield { name: "multiply-adds alone", "GFLOP/s": peak.flops / 1e9, "% of multiply-adds": 100 };
  yield { name: "copy alone", "GB/s": peak.bandwidth / 1e9, "% of copy": 100 };

  const measure = async (kernel: KernelCase) => {
    await machine.prepare(() => kernel.append(new Plan(gpu)));
    const seconds = await secondsOf(stopwatch, kernel);
    return { seconds, result: kernelResult(kernel, seconds, peak) };
  };
  for (const block of sizes.blocks) {
    using scratch = new Scratch(gpu);
    const cases = blockProducts(gpu, scratch, block);
    const whole = { seconds: 0, flops: 0, bytes: 0 };
    for (const kernel of cases) {
      const { seconds, result } = await measure(kernel);
      yield result;
      whole.seconds += seconds;
      whole.flops += kernel.flops!;
      whole.bytes += kernel.bytes;
    }
    const name = `all ${cases.length} of width ${block.width}, ${block.tokens} tokens`;
    yield kernelResult({ name, ...whole }, whole.seconds, peak);
  }
  const groups = [
    ...sizes.squares.map((size) => (scratch: Scratch) => squareProducts(gpu, scratch, size)),
    ...sizes.attentions.map((size) => (scratch: Scratch) => attentionCases(gpu, scratch, size)),
    (scratch: Scratch) => rowCases(gpu, scratch, sizes.rows),
  ];
  for (const cases of groups) {
    using scratch = new Scratch(gpu);
    for (const kernel of cases(scratch)) yield (await measure(kernel)).result;
  }
  yield* benchCrossEntropy(machine, sizes.output, peak);
  yield* benchOptimizers(machine, sizes.optimized, peak);
}

/** Seconds that a kernel takes. */
async function secondsOf(stopwatch: Stopwatch, { append }: KernelCase): Promise<number> {
  const { gpu } = stopwatch;
  using once = repeated(gpu, append, 1);
  await stopwatch.time(() => once.run()); // compiles
  if (await stopwatch.time(() => once.run()) > SHORT_SECONDS) {
    const [seconds] = await stopwatch.measure(() => once.run());
    return seconds;
  }
  using many = repeated(gpu, append, REPEATS);
  const [seconds] = await stopwatch.measure(() => many.run());
  return seconds / REPEATS;
}

function repeated(gpu: Gpu, append: KernelCase["append"], times: number): Plan {
  const plan = new Plan(gpu);
  for (let i = 0; i < times; i++) append(plan);
  return plan;
}
