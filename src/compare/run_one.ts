import { DivergedError } from "../errors.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { Gpt2 } from "../model/gpt2.ts";
import { type StepEvent, train } from "../train/train.ts";
import { Trainer } from "../train/trainer.ts";
import type { Cell } from "./cell.ts";
import { initialisationOf, makeOptimizer } from "./contender.ts";
import { type Corpus, dataName } from "./corpus.ts";
import type { CurvePoint, RunRecord, RunSettings } from "./record.ts";

/** Whom to tell of a run, and when to stop it. */
export interface RunHooks {
  onStep?: (event: StepEvent, steps: number) => void;
  signal?: AbortSignal;
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
  { onStep, signal }: RunHooks = {},
): Promise<RunRecord | undefined> {
  const { contender, seed, evalEvery, validationTokens } = settings;
  const { vocabulary } = corpus;
  const { steps, batch } = cell;
  const validation = await corpus.validation(cell, validationTokens);
  await using batches = await corpus.training(cell, seed);
  const initialisation = initialisationOf(contender);
  using model = await Gpt2.create(gpu, cell, { vocabulary, initialisation, seed });
  const optimizer = makeOptimizer.bind(undefined, contender);
  using trainer = new Trainer(model, { batch, optimizer });

  const curve: CurvePoint[] = [];
  const speeds: number[] = [];
  let losses: number[] = [];
  let skippedSteps = 0;
  let diverged: string | undefined;
  const start = performance.now();
  try {
    await train(trainer, {
      ...{ batches, validation, steps, evalEvery, signal },
      onStep: (event) => {
        const { step, tokens, loss, skipped, validationLoss, tokensPerSecond } = event;
        if (skipped) skippedSteps++;
        else losses.push(loss);
        speeds.push(tokensPerSecond);
        if (validationLoss !== undefined) {
          const mean = losses.reduce((a, b) => a + b, 0) / losses.length;
          curve.push({
            step,
            tokens,
            loss: losses.length > 0 ? mean : undefined,
            val_loss: validationLoss,
          });
          losses = [];
        }
        onStep?.(event, steps);
      },
    });
  } catch (error) {
    if (!(error instanceof DivergedError)) throw error;
    diverged = error.message;
  } finally {
    await gpu.finish(); // nothing may be freed under a step that is still under way
  }
  if (diverged === undefined && curve.at(-1)?.step !== steps) return undefined;
  return {
    settings,
    data: dataName(cell.data),
    adapter: gpu.adapterName,
    vocabulary_size: vocabulary.size,
    parameters: model.parameterCount,
    curve,
    diverged,
    skipped: skippedSteps || undefined,
    seconds: (performance.now() - start) / 1000,
    tokens_per_second: speeds.sort((a, b) => a - b)[speeds.length >> 1] ?? 0,
  };
}
