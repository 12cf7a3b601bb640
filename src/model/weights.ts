import type { Gpu } from "../gpu/gpu.ts";
import type { Tensor } from "../gpu/tensor.ts";
import { paddedVocabulary } from "../ops/cross_entropy.ts";
import { type ParameterSpec, sizeOf } from "./parameters.ts";

/** One tensor per parameter, by name: weights, gradients or an optimiser's state. */
export type TensorMap = ReadonlyMap<string, Tensor>;

/** Elements to allocate for a parameter: `wte` has room for its padding rows, which stay 0. */
export function capacityOf({ name, shape }: ParameterSpec): number {
  return name === "wte.weight" ? paddedVocabulary(shape[0]) * shape[1]! : sizeOf(shape);
}

/** Allocates a zeroed tensor for each parameter of a table. */
export function allocateLike(gpu: Gpu, table: readonly ParameterSpec[], label: string): TensorMap {
  return new Map(table.map((spec) => {
    const { name, shape } = spec;
    return [name, gpu.tensor(`${label} ${name}`, shape, "f32", capacityOf(spec))];
  }));
}
