import type { Gpu } from "../../gpu/gpu.ts";
import { Plan } from "../../gpu/plan.ts";
import { hasTimestamps, Profile } from "../../gpu/profile.ts";
import { matmul } from "./matmul.ts";
import { chosenVariants, matmulShapes, setVariant, shapeName } from "./tuning.ts";
import { candidates, type MatmulShape, type MatmulVariant, variantName } from "./variants.ts";

/** How to tune. */
export interface AutotuneOptions {
  /** Choices made before, as {@linkcode AutotuneResult.choices} has them. @default none */
  known?: Readonly<Record<string, unknown>>;
  /**
   * Milliseconds after which no further shape is measured; the rest stays with the likely kernel.
   * @default 10000
   */
  milliseconds?: number;
}

/** What tuning did. */
export interface AutotuneResult {
  /** Every choice made so far: names of kernels by names of shapes. */
  choices: Record<string, string>;
  /** Shapes that were measured now. */
  measured: number;
  /** Shapes that time did not suffice for. */
  left: number;
}

/** Timed runs of each candidate. */
const ROUNDS = 3;

/**
 * Measures which kernel multiplies matrices of each shape the fastest on this adapter, largest
 * products first. Plans that are built later use it; the numbers they compute are the same, as
 * all kernels add up in the same order.
 *
 * @param build Builds what will be run, inside {@linkcode Gpu.measure}.
 */
export async function autotune(
  gpu: Gpu,
  build: () => unknown,
  options: AutotuneOptions = {},
): Promise<AutotuneResult> {
  const { known = {}, milliseconds = 10_000 } = options;
  const open = matmulShapes(gpu, build).map((shape) => ({
    shape,
    variants: candidates(gpu, shape),
  })).filter(({ shape, variants }) => {
    const before = known[shapeName(shape)];
    const variant = variants.find((variant) => variantName(variant) === before);
    if (variant) setVariant(gpu, shape, variant);
    return !variant && variants.length > 1;
  });
  open.sort((a, b) => arithmetic(b.shape) - arithmetic(a.shape));
  const deadline = performance.now() + milliseconds;
  let measured = 0;
  for (const { shape, variants } of open) {
    if (performance.now() >= deadline) break;
    setVariant(gpu, shape, await fastest(gpu, shape, variants));
    measured++;
  }
  return { choices: chosenVariants(gpu), measured, left: open.length - measured };
}

/** Floating-point operations of a product. */
function arithmetic({ m, n, k, batch }: MatmulShape): number {
  return 2 * m * n * k * batch;
}

async function fastest(
  gpu: Gpu,
  shape: MatmulShape,
  variants: readonly MatmulVariant[],
): Promise<MatmulVariant> {
  const { m, n, k, batch } = shape;
  const a = gpu.tensor("autotune a", [batch, m, k]);
  const b = gpu.tensor("autotune b", [batch, k, n]);
  const out = gpu.tensor("autotune out", [batch, m, n]);
  using profile = hasTimestamps(gpu) ? new Profile(gpu) : undefined;
  // Short products are repeated, so that starting them does not decide, nor the clock's grain.
  const repetitions = Math.ceil((profile ? 5e8 : 2e10) / arithmetic(shape));
  const plans = variants.map((variant) => {
    const plan = new Plan(gpu);
    plan.section(variantName(variant));
    for (let i = 0; i < Math.min(repetitions, 200); i++) {
      matmul(gpu, plan, { ...shape, a, b, out, variant });
    }
    return plan;
  });
  const times = plans.map(() => Infinity);
  const { observer } = gpu;
  try {
    gpu.observer = profile;
    for (let round = 0; round <= ROUNDS; round++) {
      const seconds = await time(gpu, plans, profile);
      // The first round compiles.
      if (round > 0) seconds.forEach((value, i) => times[i] = Math.min(times[i], value));
    }
  } finally {
    gpu.observer = observer;
    for (const plan of plans) plan[Symbol.dispose]();
    gpu.free(a, b, out);
  }
  return variants[times.indexOf(Math.min(...times))];
}

/** Runs each plan once; returns the seconds that each took. */
async function time(gpu: Gpu, plans: readonly Plan[], profile?: Profile): Promise<number[]> {
  if (profile) {
    for (const plan of plans) plan.run();
    return [...(await profile.seconds()).values()];
  }
  const seconds: number[] = [];
  for (const plan of plans) {
    const start = performance.now();
    plan.run();
    await gpu.finish();
    seconds.push((performance.now() - start) / 1000);
  }
  return seconds;
}
