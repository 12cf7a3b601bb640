import { fileError } from "../errors.ts";
import type { Batch } from "../data/batches.ts";
import type { DataSources } from "../data/sources.ts";
import { openTokenStream } from "../data/token_stream.ts";
import type { Vocabulary } from "../data/vocabulary.ts";
import type { Gpt2 } from "../model/gpt2.ts";
import { saveCheckpoint } from "../model/checkpoint.ts";
import { generate } from "../sample/generate.ts";
import { MetricsLog, readMetrics, type StepMetrics } from "./metrics.ts";
import { checkRunDirectory } from "./run_directory.ts";
import { type StepEvent, train } from "./train.ts";
import { Trainer, type TrainerOptions } from "./trainer.ts";

/** A training run that leaves its results in a directory. */
export interface RunOptions extends TrainerOptions {
  /** Files, globs, directories and URLs. */
  data: DataSources;
  /** Skip and count lines that cannot be read. @default false */
  skipBad?: boolean;
  /** Read the training data in a random order. @default true */
  shuffle?: boolean;
  /** Leave out documents that say to be in another language than this, e.g. `en`. */
  lang?: string;
  /** Leave out documents of fewer tokens. @default 0 */
  minTokens?: number;
  /** Directory for the checkpoint, metrics and chart; created, and must not hold a run yet. */
  out: string;
  /** Number of steps. */
  steps: number;
  /** Seed of the order of the data and of the samples. */
  seed: number;
  /** Steps between evaluations; each saves a checkpoint. */
  evalEvery: number;
  /** Validation batches per evaluation; with 0 it only saves. */
  evalBatches: number;
  /** Steps between samples; 0 for one at the end only. */
  sampleEvery: number;
  /** Tokens of a sample. */
  sampleTokens: number;
  /** Called after each step. */
  onStep?: (event: StepEvent) => void;
  /** Called with each sample; without it none is drawn. */
  onSample?: (step: number, text: string) => void;
  /** Called when the directory holds the model of this step. */
  onSave?: (step: number, directory: string) => void;
  /** Finishes the step under way, saves and stops when aborted. */
  signal?: AbortSignal;
}

/** How a run ended. */
export interface RunResult {
  /** The last step; undefined if there was none. */
  last?: StepEvent;
  /** Bad lines skipped. */
  skipped: number;
}

/**
 * Trains a model on text files and writes `config.json`, `model.safetensors`, `metrics.jsonl`,
 * `loss.svg` and `data_position.json` (a {@linkcode StreamPosition}: where in the data the model is)
 * to a directory, at each evaluation and at the end, also when aborted.
 *
 * @throws {UserError} If the data is bad, the directory cannot be written or holds a run already,
 * or the loss stops being a number.
 *
 * @example
 * ```ts no-run
 * import { Agd, fullVocabulary, Gpt2, Gpu, PRESETS, trainToDirectory } from "@agd/gpt2";
 *
 * using gpu = await Gpu.open();
 * using model = await Gpt2.create(gpu, PRESETS.gpt2, { vocabulary: fullVocabulary() });
 * await trainToDirectory(model, {
 *   data: ["owt2/*.jsonl.zst"],
 *   out: "runs/owt2",
 *   steps: 100_000,
 *   batch: 8,
 *   optimizer: (target) => new Agd(target),
 *   seed: 0,
 *   evalEvery: 100,
 *   evalBatches: 8,
 *   sampleEvery: 0,
 *   sampleTokens: 200,
 *   onStep: ({ step, loss }) => console.log(step, loss),
 * });
 * ```
 */
export async function trainToDirectory(model: Gpt2, options: RunOptions): Promise<RunResult> {
  const { data, skipBad, shuffle, lang, minTokens, out, batch, seed } = options;
  const { steps, evalEvery, evalBatches, signal } = options;
  await checkRunDirectory(out);
  const filters = { skipBad, lang, minTokens };
  const stream = { data, context: model.config.context, batch, seed, ...filters };
  const { vocabulary, config } = model;
  const validation = await readValidation({ ...stream, vocabulary }, evalBatches);
  await using batches = await openTokenStream({
    ...stream,
    vocabulary,
    split: "training" as const,
    shuffle,
  });
  using trainer = new Trainer(model, options);
  await createDirectory(out);
  using metrics = new MetricsLog(`${out}/metrics.jsonl`);
  const weights = trainer.optimizer.evaluationWeights;
  let savedAt = -1;

  const save = async (step: number) => {
    if (step === savedAt) return;
    savedAt = step;
    await saveCheckpoint(model, out, weights);
    await replaceFile(`${out}/data_position.json`, JSON.stringify(batches.position) + "\n");
    await writeChart(out, `Loss of a ${config.layers}-layer GPT-2 of width ${config.width}`);
    options.onSave?.(step, out);
  };
  const sample = async (step: number) => {
    if (!options.onSample) return;
    let text = "";
    const settings = { maxTokens: options.sampleTokens, temperature: 0.8, seed, weights };
    for await (const piece of generate(model, settings)) {
      if (signal?.aborted) return;
      text += piece;
    }
    options.onSample(step, text);
  };

  const isSampled = (step: number) => options.sampleEvery > 0 && step % options.sampleEvery === 0;
  const last = await train(trainer, {
    batches,
    validation,
    steps,
    evalEvery,
    signal,
    pauseAt: isSampled,
    onStep: async (event) => {
      metrics.append(stepMetrics(event));
      options.onStep?.(event);
      const { step } = event;
      if (step % evalEvery === 0) await save(step);
      if (isSampled(step) && step < steps) await sample(step);
    },
  });
  if (last) {
    await save(last.step);
    if (!signal?.aborted) await sample(last.step);
  }
  return { last, skipped: batches.skipped };
}

/** A step as metrics.jsonl records it. */
export function stepMetrics(event: StepEvent): StepMetrics {
  return {
    step: event.step,
    tokens: event.tokens,
    loss: event.loss,
    val_loss: event.validationLoss,
    eta: event.eta,
    learning_rate: event.learningRate,
    tokens_per_second: event.tokensPerSecond,
    data_wait_ms: event.dataWaitMs,
  };
}

async function createDirectory(path: string): Promise<void> {
  try {
    await Deno.mkdir(path, { recursive: true });
  } catch (error) {
    throw fileError(error, `${path}: cannot create`);
  }
}

/** Draws the losses recorded so far. */
async function writeChart(out: string, title: string): Promise<void> {
  // Loaded only now: it is large, and mod.ts should import fast.
  const { lossChart } = await import("./chart.ts");
  const svg = lossChart(await readMetrics(`${out}/metrics.jsonl`), { title });
  await replaceFile(`${out}/loss.svg`, svg);
}

/** Writes a file; the old one stays until the new one is whole. */
async function replaceFile(path: string, text: string): Promise<void> {
  try {
    await Deno.writeTextFile(`${path}.tmp`, text);
    await Deno.rename(`${path}.tmp`, path);
  } catch (error) {
    throw fileError(error, `${path}: cannot write`);
  }
}

/** The first batches of the validation part. */
async function readValidation(
  options: {
    data: DataSources;
    context: number;
    batch: number;
    seed: number;
    skipBad?: boolean;
    lang?: string;
    minTokens?: number;
    vocabulary: Vocabulary;
  },
  count: number,
): Promise<Batch[]> {
  const batches: Batch[] = [];
  if (count === 0) return batches;
  await using stream = await openTokenStream({ ...options, split: "validation" });
  while (batches.length < count) {
    const batch = await stream.next();
    if (!batch) break;
    batches.push(batch);
  }
  return batches;
}
