import type { Gpu } from "../gpu/gpu.ts";
import { type Plan, spread } from "../gpu/plan.ts";
import { rowSlices, type Tensor } from "../gpu/tensor.ts";
import { THREADS } from "./threads.ts";
import source from "../../wgsl/ops/cast.wgsl" with { type: "text" };

/** Appends copying a matrix into one of the same shape and 16 bits an element. */
export function castToHalf(gpu: Gpu, plan: Plan, values: Tensor, rounded: Tensor): void {
  const [rows, columns] = values.shape;
  const kernel = gpu.kernel("cast", source, { THREADS, TYPE: rounded.type });
  // Slices must fit as 32 bits and start where a binding of 16 may, which is at fewer rows.
  for (const { start, count } of rowSlices(rows, 2 * columns, gpu.maxBindingBytes, "f16")) {
    const size = count * columns;
    plan.dispatch(kernel, spread(Math.ceil(size / THREADS)), [size], [
      values.rows(start, count),
      rounded.rows(start, count),
    ]);
  }
}
