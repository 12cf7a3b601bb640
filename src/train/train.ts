import type { StepEvent, TrainOptions } from "./options.ts";
import { TrainingLoop } from "./training_loop.ts";
import type { Trainer } from "./trainer.ts";

/**
 * Trains: while the GPU works on one step the next batch is fetched and submitted, and each loss
 * is read one step late. An optimiser with a `learningRate` gets it by
 * {@linkcode scheduledLearningRate}: warm-up, then down by `decay`. A run that time ends has as many steps as it allows; its schedule goes by the time, so that it is not repeated bit for bit.
 *
 * @returns The last event; undefined if there was no step.
 * @throws {DivergedError} If 10 steps in a row are skipped, in which case weights and state are
 * those of the last step that was done; or if the loss is no number though the gradients are.
 * @throws {UserError} On bad data.
 * @throws {UsageError} If it is not said how long to train.
 *
 * @example
 * ```ts
 * import { Agd, Gpu, loadCheckpoint, openTokenStream, train, Trainer } from "@agd/gpt2";
 *
 * using gpu = await Gpu.open();
 * using model = await loadCheckpoint(gpu, "runs/base");
 * using trainer = new Trainer(model, { batch: 8, optimizer: (target) => new Agd(target) });
 * await using batches = await openTokenStream({
 *   data: ["data"],
 *   vocabulary: model.vocabulary,
 *   context: model.config.context,
 *   batch: 8,
 *   split: "training",
 *   seed: 1,
 * });
 * await train(trainer, { batches, steps: 3, onStep: ({ step, loss }) => console.log(step, loss) });
 * ```
 */
export async function train(
  trainer: Trainer,
  options: TrainOptions,
): Promise<StepEvent | undefined> {
  return await new TrainingLoop(trainer, options).run();
}
