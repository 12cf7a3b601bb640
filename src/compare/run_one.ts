import { DivergedError } from "../errors.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { Gpt2 } from "../model/gpt2.ts";
import type { StepEvent } from "../train/options.ts";
import { train } from "../train/train.ts";
import { Trainer } from "../train/trainer.ts";
import type { Cell } from "./cell.ts";
import { initialisationOf, makeOptimizer, type Tuned } from "./contender.ts";
import { type Corpus, dataName } from "./corpus.ts";
import type { CurvePoint, RunRecord, RunSettings } from "./record.ts";

/** Whom to tell of a run, and when to stop it. */
export interface RunHooks {
  /** Called while kernels are compiled, before the first step; not if all have been. */
  onCompile?: (done: number, kernels: number) => void;
  onStep?: (event: StepEvent) => void;
  signal?: AbortSignal;
  /** A clock by which time ends a run, in milliseconds. @default performance.now */
  now?: () => number;
}

/**
 * Trains a model as the settings say, from the start.
 *
 * @returns undefined if it was interrupted.
 * @throws {UserError} If the data is bad or the adapter cannot hold the model.
 */
export async function runOne(
  gpu: Gpu,
  cell: Cell,
  corpus: Corpus,
  settings: RunSettings,
  { onCompile, onStep, signal, now }: RunHooks = {},
): Promise<RunRecord | undefined> {
  const { contender, seed, evalEvery, evaluations, validationTokens } = settings;
  const { vocabulary } = corpus;
  const { steps, seconds, batch } = cell;
  const validation = await corpus.validation(cell, validationTokens);
  await using batches = await corpus.training(cell, seed);
  const initialisation = initialisationOf(contender);
  using model = await Gpt2.create(gpu, cell, { vocabulary, initialisation, seed });
  const optimizer = makeOptimizer.bind(undefined, contender);
  const { decay, horizon }: Partial<Tuned> = contender.optimizer === "agd" ? {} : contender;
  using trainer = new Trainer(model, { batch, optimizer });

  const course = new Course();
  let diverged: string | undefined;
  let last: StepEvent | undefined;
  const start = performance.now();
  try {
    // All runs have the same time to train, whether there are kernels to compile before or not.
    await trainer.compile({ onProgress: onCompile, signal });
    last = await train(trainer, {
      ...{
        batches,
        validation,
        steps,
        seconds,
        evalEvery,
        evaluations,
        decay,
        horizon,
        signal,
        now,
      },
      onStep: (event) => {
        course.add(event);
        onStep?.(event);
      },
    });
  } catch (error) {
    if (!(error instanceof DivergedError)) throw error;
    diverged = error.message;
  } finally {
    await gpu.finish(); // nothing may be freed under a step that is still under way
  }
  if (diverged === undefined && !last?.outlook.isLast) return undefined;
  return {
    settings,
    data: dataName(cell.data),
    adapter: gpu.adapterName,
    vocabulary_size: vocabulary.size,
    parameters: model.parameterCount,
    curve: course.curve,
    diverged,
    skipped: course.skipped || undefined,
    seconds: (performance.now() - start) / 1000,
    tokens_per_second: course.medianSpeed,
  };
}

/** The course of a run, gathered step by step. */
class Course {
  /** A point an evaluation. */
  readonly curve: CurvePoint[] = [];
  /** Steps that were skipped. */
  skipped = 0;
  readonly #speeds: number[] = [];
  /** Since the last evaluation, of steps that were not skipped. */
  #losses: number[] = [];

  add({ step, tokens, loss, skipped, validationLoss, tokensPerSecond }: StepEvent): void {
    if (skipped) this.skipped++;
    else this.#losses.push(loss);
    this.#speeds.push(tokensPerSecond);
    if (validationLoss === undefined) return;
    this.curve.push({ step, tokens, loss: this.#meanLoss, val_loss: validationLoss });
    this.#losses = [];
  }

  get #meanLoss(): number | undefined {
    const { length } = this.#losses;
    return length > 0 ? this.#losses.reduce((a, b) => a + b, 0) / length : undefined;
  }

  /** The median of the tokens per second; 0 if there was no step. */
  get medianSpeed(): number {
    return this.#speeds.toSorted((a, b) => a - b)[this.#speeds.length >> 1] ?? 0;
  }
}
