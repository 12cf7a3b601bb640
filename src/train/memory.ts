import type { Vocabulary } from "../tokens/vocabulary.ts";
import type { Gpu } from "../gpu/gpu.ts";
import type { Measurement } from "../gpu/memory.ts";
import { snapshotBytes } from "../gpu/snapshot.ts";
import type { Gpt2Config } from "../model/config.ts";
import { Gpt2 } from "../model/gpt2.ts";
import { parameterTable } from "../model/parameters.ts";
import { allocateLike } from "../model/weights.ts";
import { Decoder } from "../sample/decoder.ts";
import { LossPass } from "./loss_pass.ts";
import { batchRefusal, parameterRefusal } from "./refusals.ts";
import { Trainer } from "./trainer.ts";
import type { TrainerOptions } from "./trainer_options.ts";
import { stateTensors } from "./state_tensors.ts";

/** A run, as far as its memory goes. */
export interface MeasureOptions extends TrainerOptions {
  /** Tokens of a sample; 0 for none. @default 0 */
  sampleTokens?: number;
  /** Whether it measures the model by tasks. @default false */
  measuresTasks?: boolean;
  /** Whether it saves checkpoints. @default false */
  saves?: boolean;
}

/** What a run takes. */
export interface TrainingMemory extends Measurement {
  /** Bytes of the host's: the copies of tensors that a checkpoint is written from. */
  hostBytes: number;
}

/**
 * What a run takes: on the GPU weights, gradients, the optimiser's state, activations and what
 * sampling needs. It makes everything that the run makes, but without memory behind it.
 */
export function measureTraining(
  gpu: Gpu,
  config: Gpt2Config,
  vocabulary: Vocabulary,
  options: MeasureOptions,
): TrainingMemory {
  const { sampleTokens = 0, measuresTasks = false, saves = false } = options;
  let hostBytes = 0;
  const measurement = gpu.measure(() => {
    const weights = allocateLike(gpu, parameterTable(config), "weight");
    const model = new Gpt2(gpu, config, vocabulary, weights);
    const { optimizer } = new Trainer(model, options);
    if (sampleTokens > 0) new Decoder(model, { capacity: 1 + sampleTokens });
    if (measuresTasks) new LossPass(model, optimizer.evaluationWeights, options.batch, true);
    if (!saves) return;
    const saved = [...optimizer.evaluationWeights, ...stateTensors(model, optimizer)];
    hostBytes = snapshotBytes(saved.map(([_, tensor]) => tensor));
  });
  return { ...measurement, hostBytes };
}

/**
 * What a run takes, as {@linkcode measureTraining} tells it, or of a batch that no buffer holds as it
 * follows from batches of 1 and 2: to make a run's plan takes the longer the larger it is. Undefined
 * if the model is too large to make one.
 */
export function estimateTraining(
  gpu: Gpu,
  config: Gpt2Config,
  vocabulary: Vocabulary,
  options: MeasureOptions,
): TrainingMemory | undefined {
  if (parameterRefusal(gpu, config) !== undefined) return undefined;
  const measure = (batch: number) =>
    measureTraining(gpu, config, vocabulary, { ...options, batch });
  if (batchRefusal(gpu, config, options) === undefined) return measure(options.batch);
  const [one, two] = [measure(1), measure(2)];
  return { ...one, bytes: one.bytes + (options.batch - 1) * (two.bytes - one.bytes) };
}
