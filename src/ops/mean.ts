import type { Gpu } from "../gpu/gpu.ts";
import type { Plan } from "../gpu/plan.ts";
import type { Tensor } from "../gpu/tensor.ts";
import { WORKGROUP_SUM } from "./includes.ts";
import source from "../../wgsl/ops/mean.wgsl" with { type: "text" };

/** Appends means[index] = the mean of `values`, added up in a fixed order. */
export function mean(gpu: Gpu, plan: Plan, values: Tensor, means: Tensor, index: number): void {
  const kernel = gpu.kernel("mean", source, { THREADS: gpu.isSoftware ? 8 : 256 }, WORKGROUP_SUM);
  plan.dispatch(kernel, [1], [values.size, index], [values, means]);
}
