import type { Gpu } from "../gpu/gpu.ts";
import { type FloatValue, type Plan, spread } from "../gpu/plan.ts";
import { rowSlices, Tensor } from "../gpu/tensor.ts";
import type { ParameterSpec } from "../model/parameters.ts";
import { inMemoryOrder, type TensorMap } from "../model/weights.ts";
import { READ, reading } from "../ops/includes.ts";
import { THREADS } from "../ops/threads.ts";

/** Whole rows of a parameter as a part of a span; a vector is one row. */
export interface Segment {
  spec: ParameterSpec;
  /** Elements from the span's beginning. */
  offset: number;
  rows: number;
  columns: number;
}

/**
 * Parameters that lie side by side, at the same places in each of several maps, so that they can be
 * bound together; or rows of a parameter that is too large for one binding.
 */
export interface Span {
  segments: Segment[];
  /** (elements), one of each map; gaps between parameters hold zeros. */
  tensors: Tensor[];
}

/**
 * Cuts parameters into as few spans as can be, in the order in which they lie in memory.
 *
 * @param kindOf Parameters that differ in this are in spans of their own.
 */
export function spansOf(
  gpu: Gpu,
  specs: readonly ParameterSpec[],
  maps: readonly TensorMap[],
  kindOf?: (spec: ParameterSpec) => unknown,
): Span[] {
  const spans: Span[] = [];
  for (const spec of inMemoryOrder(specs)) {
    const tensors = maps.map((map) => map.get(spec.name)!);
    for (const { rows, columns, slices } of bindable(gpu, spec, tensors)) {
      const last = spans.at(-1);
      const offset = last && distance(last.tensors, slices);
      const bytes = rows * columns * 4;
      const fits = offset !== undefined && offset + bytes <= gpu.maxReadBytes;
      if (last && fits && kindOf?.(last.segments[0].spec) === kindOf?.(spec)) {
        last.segments.push({ spec, offset: offset / 4, rows, columns });
        last.tensors = last.tensors.map((tensor) => memoryFrom(tensor, offset + bytes));
      } else {
        spans.push({
          segments: [{ spec, offset: 0, rows, columns }],
          tensors: slices.map((tensor) => memoryFrom(tensor, bytes)),
        });
      }
    }
  }
  return spans;
}

/** A parameter in each map, cut into rows that one binding covers. */
function bindable(gpu: Gpu, { shape }: ParameterSpec, tensors: readonly Tensor[]) {
  if (shape.length === 1) return [{ rows: 1, columns: shape[0], slices: tensors }];
  const [rows, columns] = shape;
  // What must be cut may as well be cut finer; a matrix whose polar factor is wanted stays whole.
  const isWhole = rows * columns * 4 <= gpu.maxBindingBytes;
  const most = isWhole ? gpu.maxBindingBytes : gpu.maxReadBytes;
  return rowSlices(rows, columns, most).map(({ start, count }) => (
    { rows: count, columns, slices: tensors.map((tensor) => tensor.rows(start, count)) }
  ));
}

/** The bytes from each tensor to the one that follows it in the same buffer, if all agree. */
function distance(before: readonly Tensor[], after: readonly Tensor[]): number | undefined {
  const bytes = after[0].byteOffset - before[0].byteOffset;
  const agree = after.every(({ buffer, byteOffset }, i) =>
    buffer === before[i].buffer && byteOffset - before[i].byteOffset === bytes
  );
  return agree && bytes >= before[0].byteLength ? bytes : undefined;
}

/** The memory from a tensor's beginning on. */
function memoryFrom({ label, buffer, byteOffset }: Tensor, bytes: number): Tensor {
  return new Tensor(label, [bytes / 4], "f32", buffer, byteOffset, bytes);
}

/**
 * Appends a kernel that treats every element of each span alike.
 *
 * @param shared Tensors bound whole, from binding 1 on; those of the span follow.
 * @param parameters What follows the number of elements in the kernel's uniform.
 * @param onlyRead How many of a span's tensors, the first ones, are not written.
 */
export function elementwise(
  gpu: Gpu,
  plan: Plan,
  [label, source, constants = {}]: readonly [string, string, Record<string, boolean | number>?],
  shared: readonly Tensor[],
  spans: readonly Span[],
  parameters: readonly (number | FloatValue)[],
  onlyRead: number,
): void {
  const { TEXELS, read } = reading(gpu, [], false);
  const kernel = gpu.kernel(label, source, { THREADS, TEXELS, ...constants }, READ);
  for (const { tensors } of spans) {
    const { size } = tensors[0];
    const groups = spread(Math.ceil(size / THREADS));
    const written = tensors.slice(onlyRead);
    plan.dispatch(kernel, groups, [size, ...parameters], [
      ...shared,
      ...tensors.slice(0, onlyRead).map((tensor) => read(tensor)),
      ...written,
      ...TEXELS ? written.map((tensor) => read(tensor)) : [],
    ]);
  }
}
