/**
 * Training and evaluation in memory: a step at a time, a loop of steps, the loss on validation
 * batches or on whole texts. {@linkcode trainToDirectory} of `@agd/gpt2/run` keeps what it does on
 * disk.
 *
 * @example
 * ```ts
 * import { collectVocabulary, openTokenStream } from "@agd/gpt2/data";
 * import { Gpu } from "@agd/gpt2/gpu";
 * import { Gpt2 } from "@agd/gpt2/model";
 * import { Agd } from "@agd/gpt2/optim";
 * import { train, Trainer } from "@agd/gpt2/train";
 *
 * using gpu = await Gpu.open();
 * const data = ["data/2005-06.jsonl.zst"];
 * const { vocabulary } = await collectVocabulary(data);
 * const shape = { layers: 1, heads: 2, width: 32, context: 32 };
 * using model = await Gpt2.create(gpu, shape, { vocabulary, seed: 1 });
 * using trainer = new Trainer(model, { batch: 4, optimizer: (target) => new Agd(target) });
 * const options = { data, vocabulary, context: 32, batch: 4, seed: 1 };
 * await using batches = await openTokenStream({ ...options, split: "training" });
 * await train(trainer, { batches, steps: 5, onStep: ({ step, loss }) => console.log(step, loss) });
 * ```
 *
 * @module
 */
export type { DataParallel } from "./data_parallel.ts";
export type { OuterSteps } from "./outer_steps.ts";
export { evaluate } from "./evaluate.ts";
export { evaluateText, type EvaluateTextOptions, type Evaluation } from "./evaluate_text.ts";
export {
  evaluateTask,
  type EvaluateTaskOptions,
  type TaskName,
  type TaskResult,
} from "./tasks/evaluate_task.ts";
export { type LearningRateDecay, scheduledLearningRate } from "./schedule.ts";
export { meanLoss } from "./mean_loss.ts";
export type { StepEvent, TaskScores, TrainOptions } from "./options.ts";
export type { Outlook, RunLength } from "./run_clock.ts";
export { train } from "./train.ts";
export { Trainer } from "./trainer.ts";
export type { StepResult, TrainerOptions } from "./trainer_options.ts";
export { tune, type TuneOptions, type TuneResult } from "./tune.ts";
