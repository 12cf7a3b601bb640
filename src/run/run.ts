import { resolve } from "@std/path";
import { DivergedError, UsageError, UserError } from "../errors.ts";
import { fileError } from "../files/file_error.ts";
import { Snapshot } from "../gpu/snapshot.ts";
import type { Tensor } from "../gpu/tensor.ts";
import type { Gpt2 } from "../model/gpt2.ts";
import { replaceText } from "../files/replace_file.ts";
import { writeCheckpoint } from "../checkpoint/checkpoint.ts";
import { generate } from "../sample/generate.ts";
import { Background } from "./background.ts";
import { Checkpoints } from "./checkpoints.ts";
import type { RunOptions, RunResult } from "./options.ts";
import { goOn } from "./resume.ts";
import { LossHistory } from "./loss_history.ts";
import { MetricsLog, readMetrics, stepMetrics } from "./metrics.ts";
import { openRunData } from "./run_data.ts";
import { checkRunDirectory } from "./run_directory.ts";
import { RunLock } from "./run_lock.ts";
import { stateTensors } from "../train/state_tensors.ts";
import { type StepEvent, train } from "../train/train.ts";
import { Trainer } from "../train/trainer.ts";
import { restoreTraining, type TrainingState, writeTrainingState } from "./training_state.ts";

/**
 * Trains a model on text files and writes a directory: `checkpoints/step-000100` and the like, at
 * each evaluation and at the end, also when aborted; `config.json` and `model.safetensors`, the
 * last checkpoint's; `metrics.jsonl` and `loss.svg`. A checkpoint takes the host's memory for its
 * tensors while it is written, which further steps do not wait for.
 *
 * A run goes on from a checkpoint ({@linkcode openRun}) as if it had never stopped: bit for bit on
 * the same adapter, if model, data and options are the same.
 *
 * @throws {UsageError} If the run that is resumed was opened to go on in another directory.
 * @throws {UserError} If the data is bad, the directory cannot be written, is in use or holds
 * another run already, there is no step left to do for a new one, the loss or a weight stops being
 * a number, or 10 steps in a row are skipped; the last checkpoint is named.
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
  const { out, seed, steps, evalEvery, signal, resume } = options;
  const { config } = model;
  if (resume && resolve(out) !== resolve(resume.out)) {
    throw new UsageError(`the run was opened to go on in ${resume.out}, not in ${out}`);
  }
  const goesOn = resume !== undefined && resolve(out) === resolve(resume.directory);
  if (!goesOn) await checkRunDirectory(out);
  if (!goesOn && resume && resume.state.step >= steps) {
    throw new UserError(
      `${resume.checkpoint} is of step ${resume.state.step} already, so that nothing would be ` +
        `written to ${out}: train for more than ${steps} steps, or copy it`,
    );
  }
  const { batches, validation, validationId, skipped } = await openRunData(model, options);
  await using _ = batches;
  using trainer = new Trainer(model, options);
  const { optimizer } = trainer;
  if (resume) await restoreTraining(resume.checkpoint, resume.state, model, optimizer);
  await createDirectory(out);
  using lock = goesOn ? undefined : new RunLock(out);
  const staleOf = goesOn ? resume.staleOf : lock?.staleOf;
  if (staleOf) options.onNote?.(`Took over the lock of process ${staleOf}, which is dead.`);
  const checkpoints = new Checkpoints(out);
  await checkpoints.removeUnfinished();
  let best = resume ? await goOn(resume, checkpoints, options, validationId) : null;
  using metrics = new MetricsLog(`${out}/metrics.jsonl`);
  const history = new LossHistory();
  for (const step of await readMetrics(`${out}/metrics.jsonl`)) history.add(step);

  const tensors = stateTensors(model, optimizer);
  const weights = optimizer.evaluationWeights;
  const start = resume?.state ?? { step: 0, tokens: 0, validation: null };
  let asked = start.step;
  let done = start.step; // the last step that was not skipped
  let told: StepEvent | undefined;
  let skippedSteps = 0;
  let saved = resume?.checkpoint;
  await using saving = new Background();

  /** Copies what the checkpoint holds; it is written while training goes on. */
  const save = async ({ step, tokens, validationLoss }: StepEvent) => {
    if (step === asked) return;
    asked = step;
    if (validationLoss !== undefined && validationLoss < (best?.val_loss ?? Infinity)) {
      best = { step, val_loss: validationLoss };
    }
    const state: TrainingState = {
      step,
      tokens,
      optimizer: optimizer.kind,
      best,
      validation: validationId ?? start.validation,
      data_position: batches.position!,
      options: options.record ?? {},
    };
    await saving.idle(); // the copies of two saves would be too much
    const snapshot = new Snapshot(model.gpu.queue, [...weights.values(), ...tensors.values()]);
    const read = async (tensor: Tensor) => checkFinite(await snapshot.read(tensor), tensor, step);
    await saving.start(async () => {
      using _copies = snapshot;
      await metrics.flush(); // the log is never behind a checkpoint
      await checkpoints.add(step, async (directory) => {
        await writeCheckpoint(model, directory, weights, read);
        await writeTrainingState(directory, state, tensors, read);
      });
      saved = checkpoints.path(step);
      const newest = checkpoints.steps().slice(-(options.keep ?? 2));
      await checkpoints.prune((step) => newest.includes(step) || step === state.best?.step);
      await writeChart(
        out,
        history,
        `Loss of a ${config.layers}-layer GPT-2 of width ${config.width}`,
      );
      options.onSave?.(step, out);
    });
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
  try {
    const last = await train(trainer, {
      batches,
      validation,
      steps,
      start,
      evalEvery,
      verbose: options.verbose,
      signal,
      pauseAt: isSampled,
      onStep: async (event) => {
        saving.check();
        const recorded = stepMetrics(event);
        metrics.append(recorded);
        history.add(recorded);
        options.onStep?.(event);
        const { step } = event;
        told = event;
        if (event.skipped) {
          skippedSteps++;
          options.onNote?.(`Step ${step} was skipped: a gradient was not finite or too large.`);
        } else {
          done = step;
        }
        if (step % evalEvery === 0) await save(event);
        if (isSampled(step) && step < steps) await sample(step);
      },
    });
    if (last) await save(last);
    await saving.idle();
    if (last && !signal?.aborted) await sample(last.step);
    return { last, best: best ?? undefined, skipped: skipped + batches.skipped, skippedSteps };
  } catch (error) {
    // Skipped steps left everything as the last one that was done.
    if (error instanceof DivergedError && told?.skipped && done > asked) await save(told);
    await saving[Symbol.asyncDispose](); // which may still become the last checkpoint
    if (saved === undefined || !(error instanceof UserError)) throw error;
    throw new UserError(`${error.message}; the last checkpoint is ${saved}`);
  }
}

/** @throws {UserError} If a value is not finite: then no step from here on can be trained. */
function checkFinite(values: Float32Array, { label }: Tensor, step: number): Float32Array {
  for (let i = 0; i < values.length; i++) {
    if (Number.isFinite(values[i])) continue;
    throw new UserError(
      `${label} has the value ${values[i]} after step ${step}: training cannot go on`,
    );
  }
  return values;
}

async function createDirectory(path: string): Promise<void> {
  try {
    await Deno.mkdir(path, { recursive: true });
  } catch (error) {
    throw fileError(error, `${path}: cannot create`);
  }
}

/** Draws the losses recorded so far. */
async function writeChart(out: string, { points }: LossHistory, title: string): Promise<void> {
  // Loaded only now: it is large, and mod.ts should import fast.
  const { lossChart } = await import("./chart.ts");
  await replaceText(`${out}/loss.svg`, lossChart(points, { title }));
}
