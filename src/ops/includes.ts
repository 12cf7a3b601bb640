import type { Gpu } from "../gpu/gpu.ts";
import type { Tensor } from "../gpu/tensor.ts";
import { Texels } from "../gpu/texels.ts";
import gelu from "../../wgsl/ops/include/gelu.wgsl" with { type: "text" };
import readSource from "../../wgsl/ops/include/read.wgsl" with { type: "text" };
import readScalars from "../../wgsl/ops/include/read_scalars.wgsl" with { type: "text" };
import readWrite from "../../wgsl/ops/include/read_write.wgsl" with { type: "text" };
import workgroupSum from "../../wgsl/ops/include/workgroup_sum.wgsl" with { type: "text" };

/** GELU and its derivative, for kernels that include `gelu`. */
export const GELU = { gelu };

/** The sum of a number of each invocation of a workgroup, for kernels that include it. */
export const WORKGROUP_SUM = { workgroup_sum: workgroupSum };

/** Arrays for kernels that include `read` (vec4s), `read_scalars` or, written too, `read_write`. */
export const READ = { read: readSource, read_scalars: readScalars, read_write: readWrite };

/**
 * How a kernel that includes `read` or `read_scalars` reads tensors: the constant TEXELS, and what
 * to bind for so many elements of each, of which so many are filled.
 *
 * @param vector Whether as vec4s.
 */
export function reading(
  { readsTexels }: Pick<Gpu, "readsTexels">,
  tensors: readonly Tensor[],
  vector: boolean,
): {
  TEXELS: boolean;
  read: (tensor: Tensor, size?: number, filled?: () => number) => Tensor | Texels;
} {
  const TEXELS = readsTexels && tensors.every(({ type }) => type === "f32");
  const format = vector ? "rgba32float" : "r32float";
  return {
    TEXELS,
    read: (tensor, size, filled) => TEXELS ? new Texels(tensor, format, size, filled) : tensor,
  };
}
