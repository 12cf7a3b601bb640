/**
 * What runs in a browser, on the visitor's own GPU: models from files that were chosen or fetched,
 * sampling, and training with any optimiser. Nothing in it is Deno's.
 *
 * @example
 * ```ts no-run
 * import { Agd, Gpu, openCheckpoint, textBatches, Trainer } from "@agd/gpt2/browser";
 *
 * using gpu = await Gpu.open();
 * using model = await openCheckpoint(gpu, async (name) => await (await fetch(name)).blob());
 * using trainer = new Trainer(model, { batch: 2, optimizer: (target) => new Agd(target) });
 * for (const batch of textBatches(model, "Once upon a time", { batch: 2, steps: 10 })) {
 *   console.log((await trainer.step(batch)).loss);
 * }
 * ```
 *
 * @module
 */
export * from "../errors.ts";
export * from "../gpu/mod.ts";
export * from "../tokens/mod.ts";
export * from "../ops/mod.ts";
export * from "../model/mod.ts";
export * from "../optim/mod.ts";
export * from "../sample/mod.ts";
export { type CheckpointFiles, openCheckpoint } from "./checkpoint.ts";
export { textBatches, type TextBatchOptions } from "./text_batches.ts";
export { Trainer } from "../train/trainer.ts";
export type { StepResult, TrainerOptions } from "../train/trainer_options.ts";
