/**
 * Trains GPT-2 on WebGPU with Automatic Gradient Descent: no learning rate, no CUDA, no Python.
 *
 * @example Train a small model on text files and sample from it
 * ```ts no-run
 * import { Agd, collectVocabulary, generate, Gpt2, Gpu, openTokenStream, PRESETS, train, Trainer } from "@agd/gpt2";
 *
 * using gpu = await Gpu.open();
 * const data = ["data/*.jsonl.zst"];
 * const { vocabulary } = await collectVocabulary(data);
 * using model = await Gpt2.create(gpu, PRESETS.tiny, { vocabulary, seed: 1 });
 * using trainer = new Trainer(model, { batch: 8, optimizer: (target) => new Agd(target) });
 * await using batches = await openTokenStream({
 *   data,
 *   vocabulary,
 *   context: 128,
 *   batch: 8,
 *   split: "training",
 *   seed: 1,
 * });
 * await train(trainer, { batches, steps: 300, onStep: ({ step, loss }) => console.log(step, loss) });
 *
 * const weights = trainer.optimizer.evaluationWeights;
 * for await (const piece of generate(model, { prompt: "The moon", weights })) console.log(piece);
 * ```
 *
 * @module
 */
export { DivergedError, UsageError, UserError } from "./src/errors.ts";

export { Gpu, type OpenGpuOptions } from "./src/gpu/gpu.ts";
export type { Kernel } from "./src/gpu/kernel.ts";
export type { Measurement, TensorSpec } from "./src/gpu/memory.ts";
export type { PlanObserver } from "./src/gpu/observer.ts";
export { f32, type FloatValue, Plan, spread, type Workgroups } from "./src/gpu/plan.ts";
export { Tensor, type TensorType } from "./src/gpu/tensor.ts";
export type { Constants, Includes } from "./src/gpu/template.ts";

export type { Batch } from "./src/tokens/batch.ts";
export { encode, END_OF_TEXT, TokenDecoder } from "./src/tokens/tokenizer.ts";
export { compactVocabulary, fullVocabulary, type Vocabulary } from "./src/tokens/vocabulary.ts";
export type { CorpusCount, CountOptions } from "./src/data/order/count.ts";
export type { StreamIdentity, StreamPosition } from "./src/data/order/position.ts";
export type { Shard } from "./src/data/files/shard.ts";
export { type DataSources, findShards } from "./src/data/files/sources.ts";
export type { TarIndexOptions } from "./src/data/files/tar_index.ts";
export type { HttpOptions } from "./src/http/http_request.ts";
export type { Split } from "./src/data/text/split.ts";
export {
  collectVocabulary,
  openTokenStream,
  type TokenStream,
  type TokenStreamOptions,
} from "./src/data/token_stream.ts";

export { type Gpt2Config, type PresetName, PRESETS } from "./src/model/config.ts";
export { type Architecture, type CreateGpt2Options, Gpt2 } from "./src/model/gpt2.ts";
export type { Initialisation } from "./src/model/initialise.ts";
export {
  parameterCount,
  type ParameterRole,
  type ParameterSpec,
  parameterTable,
} from "./src/model/parameters.ts";
export { loadCheckpoint, saveCheckpoint } from "./src/checkpoint/checkpoint.ts";
export { exportCheckpoint, type ExportFormat, type ExportResult } from "./src/checkpoint/export.ts";
export { downloadModel, type DownloadOptions } from "./src/hub/model.ts";
export type { HubOptions } from "./src/hub/settings.ts";
export type { TensorMap } from "./src/model/weights.ts";

export type {
  GroupNorms,
  Norms,
  Optimizer,
  OptimizerTarget,
  ParameterGroup,
} from "./src/optim/optimizer.ts";
export { type Clipping, guardStep, type StepGuard } from "./src/optim/guard.ts";
export { Agd } from "./src/optim/agd/agd.ts";
export type { AgdNorm, AgdOptions } from "./src/optim/agd/options.ts";
export { AdamW, type AdamWOptions } from "./src/optim/adamw.ts";
export { Sgd, type SgdOptions } from "./src/optim/sgd.ts";

export type { Precision } from "./src/model/activations.ts";
export { type StepResult, Trainer, type TrainerOptions } from "./src/train/trainer.ts";
export { scheduledLearningRate } from "./src/train/schedule.ts";
export { meanLoss, type StepEvent, train, type TrainOptions } from "./src/train/train.ts";
export { evaluate } from "./src/train/evaluate.ts";
export {
  evaluateText,
  type EvaluateTextOptions,
  type Evaluation,
} from "./src/train/evaluate_text.ts";
export type { RunOptions, RunResult } from "./src/run/options.ts";
export { trainToDirectory } from "./src/run/run.ts";
export { openRun, type SavedRun } from "./src/run/saved_run.ts";
export type { BestStep, TrainingState } from "./src/run/training_state.ts";
export { generate, type GenerateOptions } from "./src/sample/generate.ts";
export type { SamplingOptions } from "./src/sample/choose_token.ts";
export { tune, type TuneOptions, type TuneResult } from "./src/train/tune.ts";
