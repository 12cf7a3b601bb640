import type { Gpu } from "../gpu/gpu.ts";
import { type Plan, spread } from "../gpu/plan.ts";
import type { Tensor } from "../gpu/tensor.ts";
import { THREADS } from "./threads.ts";
import source from "../../wgsl/gelu.wgsl" with { type: "text" };

/** Appends y = GELU(x), tanh approximation, element by element. */
export function gelu(gpu: Gpu, plan: Plan, x: Tensor, y: Tensor): void {
  const kernel = gpu.kernel("gelu", source, { THREADS, BACKWARD: false });
  plan.dispatch(kernel, spread(Math.ceil(x.size / THREADS)), [x.size], [x, y]);
}

/** Appends the backward pass in place: `gradient` holds dy on entry and dx on return. */
export function geluBackward(gpu: Gpu, plan: Plan, x: Tensor, gradient: Tensor): void {
  const kernel = gpu.kernel("gelu", source, { THREADS, BACKWARD: true });
  plan.dispatch(kernel, spread(Math.ceil(x.size / THREADS)), [x.size], [x, gradient]);
}
