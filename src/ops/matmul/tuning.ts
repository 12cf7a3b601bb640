import type { Gpu } from "../../gpu/gpu.ts";
import { candidates, type MatmulShape, type MatmulVariant, variantName } from "./variants.ts";

/** The choices made for an adapter, and the shapes asked for while they are recorded. */
interface Tuning {
  chosen: Map<string, MatmulVariant>;
  asked?: Map<string, MatmulShape>;
}

const tunings = new WeakMap<Gpu, Tuning>();

function tuningOf(gpu: Gpu): Tuning {
  const tuning = tunings.get(gpu) ?? { chosen: new Map() };
  tunings.set(gpu, tuning);
  return tuning;
}

/** A name for a shape, e.g. `1024x384x128 NT`, and ` unaligned` where
 * rows are no whole vec4s; shapes of the same name are as fast. */
export function shapeName(shape: MatmulShape): string {
  const { m, n, k, batch, aTransposed, bTransposed, vector, symmetric } = shape;
  const sizes = [m, n, k, ...(batch > 1 ? [batch] : [])].join("x");
  const transposes = `${aTransposed ? "T" : "N"}${bTransposed ? "T" : "N"}`;
  return `${sizes} ${transposes}${vector ? "" : " unaligned"}${symmetric ? " symmetric" : ""}`;
}

/** The variant that was measured to be the fastest for a shape, or else the likely one. */
export function chooseVariant(gpu: Gpu, shape: MatmulShape): MatmulVariant {
  const { chosen, asked } = tuningOf(gpu);
  asked?.set(shapeName(shape), shape);
  return chosen.get(shapeName(shape)) ?? candidates(gpu, shape)[0];
}

/** The shapes of the matrix products that are appended to plans while `build` runs. */
export function matmulShapes(gpu: Gpu, build: () => unknown): MatmulShape[] {
  const tuning = tuningOf(gpu);
  const asked = tuning.asked = new Map<string, MatmulShape>();
  try {
    build();
  } finally {
    tuning.asked = undefined;
  }
  return [...asked.values()];
}

/** Decides for a shape, for all plans that are built from now on. */
export function setVariant(gpu: Gpu, shape: MatmulShape, variant: MatmulVariant): void {
  tuningOf(gpu).chosen.set(shapeName(shape), variant);
}

/** The choices made so far: names of variants by names of shapes. */
export function chosenVariants(gpu: Gpu): Record<string, string> {
  const { chosen } = tuningOf(gpu);
  return Object.fromEntries([...chosen].map(([shape, variant]) => [shape, variantName(variant)]));
}
