import type { Gpu } from "../gpu/gpu.ts";
import { type Plan, spread } from "../gpu/plan.ts";
import type { Tensor } from "../gpu/tensor.ts";
import { GELU, READ, reading } from "./includes.ts";
import { THREADS } from "./threads.ts";
import source from "../../wgsl/ops/gelu.wgsl" with { type: "text" };

/**
 * Appends y = GELU(x), tanh approximation, element by element. The pass forward and the derivative
 * are parts of the matrix products before and after; see {@linkcode matmul}.
 */
export function gelu(gpu: Gpu, plan: Plan, x: Tensor, y: Tensor): void {
  const { TEXELS, read } = reading(gpu, [x], false);
  const constants = { THREADS, TEXELS, X_TYPE: x.type, Y_TYPE: y.type };
  const kernel = gpu.kernel("gelu", source, constants, { ...GELU, ...READ });
  plan.dispatch(kernel, spread(Math.ceil(x.size / THREADS)), [x.size], [read(x), y]);
}
