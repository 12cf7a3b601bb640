import type { Gpu } from "../gpu/gpu.ts";
import { Plan } from "../gpu/plan.ts";
import type { Tensor } from "../gpu/tensor.ts";
import { paddedVocabulary } from "../ops/cross_entropy.ts";
import { type ParameterSpec, sizeOf } from "./parameters.ts";

/** One tensor per parameter, by name: weights, gradients or an optimiser's state. */
export type TensorMap = ReadonlyMap<string, Tensor>;

/** Elements to allocate for a parameter: `wte` has room for its padding rows, which stay 0. */
export function capacityOf({ name, shape }: ParameterSpec): number {
  return name === "wte.weight" ? paddedVocabulary(shape[0]) * shape[1]! : sizeOf(shape);
}

/**
 * Allocates a zeroed tensor for each parameter of a table, side by side: those of two dimensions,
 * then vectors, then what is not trained. So weights, gradients and an optimiser's state lie in
 * their buffers at the same places, and can be treated many parameters at a time.
 */
export function allocateLike(gpu: Gpu, table: readonly ParameterSpec[], label: string): TensorMap {
  const ordered = inMemoryOrder(table);
  const tensors = gpu.tensors(ordered.map((spec) => (
    { label: `${label} ${spec.name}`, shape: spec.shape, capacity: capacityOf(spec) }
  )));
  const byName = new Map(ordered.map(({ name }, i) => [name, tensors[i]]));
  return new Map(table.map(({ name }) => [name, byName.get(name)!]));
}

/** Allocates a copy of each weight of a table, as {@linkcode allocateLike} places them. */
export function copyWeights(
  gpu: Gpu,
  table: readonly ParameterSpec[],
  weights: TensorMap,
  label: string,
): TensorMap {
  const copies = allocateLike(gpu, table, label);
  using plan = new Plan(gpu);
  for (const [name, copy] of copies) plan.copy(weights.get(name)!, copy);
  plan.run();
  return copies;
}

/** Parameters in the order in which {@linkcode allocateLike} places them. */
export function inMemoryOrder(table: readonly ParameterSpec[]): ParameterSpec[] {
  const rank = ({ trainable, shape }: ParameterSpec) => trainable ? -shape.length : 0;
  return table.toSorted((a, b) => rank(a) - rank(b));
}
