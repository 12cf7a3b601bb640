/**
 * Training that leaves a directory: checkpoints, metrics and a chart, from which it goes on later
 * as if it had never stopped.
 *
 * @example Go on with a run for two more steps
 * ```ts
 * import { loadCheckpoint } from "@agd/gpt2/checkpoint";
 * import { Gpu } from "@agd/gpt2/gpu";
 * import { Agd } from "@agd/gpt2/optim";
 * import { openRun, trainToDirectory } from "@agd/gpt2/run";
 *
 * using gpu = await Gpu.open();
 * using resume = await openRun("runs/base");
 * using model = await loadCheckpoint(gpu, resume.checkpoint);
 * await trainToDirectory(model, {
 *   resume,
 *   out: "runs/base",
 *   data: ["data"],
 *   steps: resume.state.step + 2,
 *   batch: 2,
 *   optimizer: (target) => new Agd(target),
 *   seed: 0,
 *   evalEvery: 100,
 *   evalBatches: 1,
 *   sampleEvery: 0,
 *   sampleTokens: 0,
 *   onStep: ({ step, loss }) => console.log(step, loss),
 * });
 * ```
 *
 * @module
 */
export type { RunOptions, RunResult } from "./options.ts";
export { trainToDirectory } from "./run.ts";
export { openRun, type SavedRun } from "./saved_run.ts";
export type { BestStep, TrainingState } from "./training_state.ts";
