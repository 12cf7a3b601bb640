/**
 * Optimisers: AGD, which has no learning rate, AdamW, Muon, SGD and schedule-free ones. Each works
 * by itself on any table of parameters with their weights and gradients, and what is exported here is
 * enough to write another.
 *
 * @example
 * ```ts
 * import { Gpu } from "@agd/gpt2/gpu";
 * import { Agd, type OptimizerTarget } from "@agd/gpt2/optim";
 *
 * using gpu = await Gpu.open();
 * const table = [{
 *   name: "weight",
 *   shape: [32, 64],
 *   role: "matrix",
 *   parts: 1,
 *   fanIn: 32,
 *   fanOut: 64,
 *   residual: false,
 *   trainable: true,
 * }] as const;
 * const tensors = () => new Map([["weight", gpu.tensor("weight", [32, 64])]]);
 * const target: OptimizerTarget = { gpu, table, weights: tensors(), gradients: tensors() };
 * const optimizer = new Agd(target);
 * gpu.write(target.gradients.get("weight")!, new Float32Array(32 * 64).fill(0.01));
 * optimizer.step();
 * console.log((await gpu.read(target.weights.get("weight")!))[0]); // below 0: downhill
 * ```
 *
 * @module
 */
export { AdamW, type AdamWOptions } from "./adamw.ts";
export { Agd } from "./agd/agd.ts";
export type { AgdNorm, AgdOptions } from "./agd/options.ts";
export { OptimizerAround } from "./around.ts";
export { type Clipping, guardStep, type StepGuard } from "./guard.ts";
export { Muon, type MuonOptions } from "./muon.ts";
export type { GroupNorms, Norms, Optimizer, OptimizerTarget, ParameterGroup } from "./optimizer.ts";
export { ScheduleFree, type ScheduleFreeOptions } from "./schedule_free.ts";
export { ScheduleFreePlus, type ScheduleFreePlusOptions } from "./schedule_free_plus.ts";
export { Sgd, type SgdOptions } from "./sgd.ts";
export { OptimizerWithRate } from "./with_rate.ts";
