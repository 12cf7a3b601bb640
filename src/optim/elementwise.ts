import type { Gpu } from "../gpu/gpu.ts";
import { type FloatValue, type Plan, spread } from "../gpu/plan.ts";
import { rowSlices, type Tensor } from "../gpu/tensor.ts";
import { THREADS } from "../ops/threads.ts";

/**
 * Appends a kernel that treats every element alike, over runs of rows that fit one binding.
 *
 * @param shared Tensors bound whole, from binding 1 on.
 * @param tensors Tensors of one shape, bound after them.
 * @param parameters What follows the number of elements in the kernel's uniform.
 */
export function elementwise(
  gpu: Gpu,
  plan: Plan,
  [label, source, constants = {}]: [string, string, Record<string, boolean>?],
  shared: readonly Tensor[],
  tensors: readonly Tensor[],
  parameters: readonly (number | FloatValue)[],
): void {
  const kernel = gpu.kernel(label, source, { THREADS, ...constants });
  const [rows, columns = 1] = tensors[0].shape;
  for (const { start, count } of rowSlices(rows, columns, gpu.maxBindingBytes)) {
    plan.dispatch(
      kernel,
      spread(Math.ceil(count * columns / THREADS)),
      [count * columns, ...parameters],
      [...shared, ...tensors.map((tensor) => tensor.rows(start, count))],
    );
  }
}
