/**
 * A WebGPU device: tensors, kernels written in WGSL, and plans that are built once and run at each
 * step. It knows nothing of networks.
 *
 * @example Add two tensors
 * ```ts
 * import { Gpu, Plan, spread } from "@agd/gpt2/gpu";
 *
 * const source = `
 *   @group(0) @binding(0) var<uniform> size: u32;
 *   @group(0) @binding(1) var<storage, read> a: array<f32>;
 *   @group(0) @binding(2) var<storage, read_write> b: array<f32>;
 *   @compute @workgroup_size(64)
 *   fn main(@builtin(global_invocation_id) id: vec3u) {
 *     if (id.x < size) { b[id.x] += a[id.x]; }
 *   }`;
 *
 * using gpu = await Gpu.open();
 * const a = gpu.tensorFrom("a", [4], Float32Array.of(1, 2, 3, 4));
 * const b = gpu.tensorFrom("b", [4], Float32Array.of(10, 20, 30, 40));
 * using plan = new Plan(gpu);
 * plan.dispatch(gpu.kernel("add", source), spread(1), [4], [a, b]);
 * plan.run();
 * console.log(await gpu.read(b)); // 11, 22, 33, 44
 * ```
 *
 * @module
 */
export type { CompileOptions } from "./compile.ts";
export { Gpu, type OpenGpuOptions } from "./gpu.ts";
export { KeptTexels } from "./kept_texels.ts";
export type { Kernel } from "./kernel.ts";
export type { Measurement, TensorSpec } from "./memory.ts";
export type { PlanObserver } from "./observer.ts";
export { f32, type FloatValue, Plan, spread, type Workgroups } from "./plan.ts";
export type { Queue } from "./queue.ts";
export type { Constants, Includes } from "./template.ts";
export { Tensor, type TensorType } from "./tensor.ts";
export { type TexelFormat, Texels, type TexelTextures } from "./texels.ts";
