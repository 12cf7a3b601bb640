/**
 * Operations on tensors, for networks of one's own: `examples/fcn.ts` is one.
 *
 * @example
 * ```ts
 * import { Gpu, Plan } from "@agd/gpt2/gpu";
 * import { matmul } from "@agd/gpt2/ops";
 *
 * using gpu = await Gpu.open();
 * const a = gpu.tensorFrom("a", [2, 2], Float32Array.of(1, 2, 3, 4));
 * const out = gpu.tensor("out", [2, 2]);
 * using plan = new Plan(gpu);
 * matmul(gpu, plan, { a, b: a, out, m: 2, n: 2, k: 2, bTransposed: true });
 * plan.run();
 * console.log(await gpu.read(out)); // 5, 11, 11, 25
 * ```
 *
 * @module
 */
export { matmul, type MatmulOptions } from "./matmul/matmul.ts";
export type { MatmulVariant, RegisterVariant, WorkgroupVariant } from "./matmul/variants.ts";
