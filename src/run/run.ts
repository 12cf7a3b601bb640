import { basename, resolve } from "@std/path";
import { DivergedError, UserError } from "../errors.ts";
import { replaceText } from "../files/replace_file.ts";
import { Snapshot, snapshotBytes } from "../gpu/snapshot.ts";
import type { Tensor } from "../gpu/tensor.ts";
import type { Gpt2 } from "../model/gpt2.ts";
import { writeCheckpoint } from "../checkpoint/checkpoint.ts";
import { generate } from "../sample/generate.ts";
import { stateTensors } from "../train/state_tensors.ts";
import type { StepEvent, TaskScores } from "../train/options.ts";
import { evaluateTask } from "../train/tasks/evaluate_task.ts";
import { train } from "../train/train.ts";
import { Trainer } from "../train/trainer.ts";
import { Background } from "./background.ts";
import { followRun } from "./follow.ts";
import { stepMetrics } from "./metrics.ts";
import type { RunOptions, RunResult } from "./options.ts";
import { openRunData, type RunData } from "./run_data.ts";
import { checkOut, openRunDirectory, type RunDirectory } from "./run_directory.ts";
import { RunFileWriter } from "./run_file.ts";
import { appendSample } from "./sample_log.ts";
import { restoreTraining, type TrainingState, writeTrainingState } from "./training_state.ts";

/**
 * Trains a model on text files and writes a directory: `checkpoints/step-000100` and the like, at
 * each evaluation and at the end, also when aborted; `config.json` and `model.safetensors`, the
 * last checkpoint's; `metrics.jsonl`, `samples.jsonl` and `loss.svg`; and `run.json`, which says what
 * the run is, and how it ended. A checkpoint takes the host's memory for its
 * tensors while it is written, which further steps do not wait for.
 *
 * A run goes on from a checkpoint ({@linkcode openRun}) as if it had never stopped: bit for bit on
 * the same adapter, if model, data and options are the same.
 *
 * With a communicator of several processes all call this with the same options; the first one writes,
 * and is the one whose callbacks are called.
 *
 * @throws {UsageError} If the run that is resumed was opened to go on in another directory.
 * @throws {UserError} If the data is bad, the directory cannot be written, is in use or holds
 * another run already, there is no step left to do for a new one, the loss or a weight stops being
 * a number, or 10 steps in a row are skipped; the last checkpoint is named.
 *
 * @example
 * ```ts
 * import { Agd, collectVocabulary, Gpt2, Gpu, trainToDirectory } from "@agd/gpt2";
 *
 * using gpu = await Gpu.open();
 * const data = ["data/*.jsonl.zst"];
 * const { vocabulary } = await collectVocabulary(data);
 * const shape = { layers: 1, heads: 2, width: 32, context: 32 }; // or PRESETS.gpt2
 * using model = await Gpt2.create(gpu, shape, { vocabulary, seed: 1 });
 * await trainToDirectory(model, {
 *   data,
 *   out: "runs/small",
 *   steps: 4,
 *   batch: 8,
 *   optimizer: (target) => new Agd(target),
 *   seed: 0,
 *   evalEvery: 2,
 *   evalBatches: 1,
 *   sampleEvery: 0,
 *   sampleTokens: 20,
 *   onStep: ({ step, loss }) => console.log(step, loss),
 * });
 * ```
 */
export async function trainToDirectory(model: Gpt2, options: RunOptions): Promise<RunResult> {
  const { resume, communicator } = options;
  if (communicator && communicator.rank > 0) return await followRun(model, options);
  await checkOut(options);
  const data = await openRunData(model, options);
  await using _ = data.batches;
  using trainer = new Trainer(model, options);
  if (resume) await restoreTraining(resume.checkpoint, resume.state, model, trainer.optimizer);
  using directory = await openRunDirectory(options, data.validationId);
  await using run = new Run(model, trainer, data, directory, options);
  return await run.train();
}

/** What a disk and a hash of all that is written to it make of a checkpoint, if they are slow. */
const SAVE_BYTES_PER_SECOND = 100e6;

/** A run under way: what happens after a step, and at the end. */
class Run implements AsyncDisposable {
  /** What was done before. */
  readonly #start: Pick<TrainingState, "step" | "tokens" | "seconds" | "validation">;
  /** What a checkpoint holds besides the weights to evaluate. */
  readonly #tensors: ReadonlyMap<string, Tensor>;
  /** Writes a checkpoint while training goes on. */
  readonly #saving = new Background();
  /** What those who watch the run are told of it. */
  readonly #file: RunFileWriter;
  #best: TrainingState["best"];
  /** The step that was the last to be saved, or is being. */
  #savedStep: number;
  /** The last checkpoint that is whole. */
  #checkpoint: string | undefined;
  #lastEvent: StepEvent | undefined;
  /** The last step that was not skipped. */
  #lastDone: number;
  #skippedSteps = 0;
  #isSharingTold = false;
  /** Seconds that saving takes: those of the last time, or what they may be. */
  #saveSeconds: number;

  constructor(
    readonly model: Gpt2,
    readonly trainer: Trainer,
    readonly data: RunData,
    readonly directory: RunDirectory,
    readonly options: RunOptions,
  ) {
    const { resume } = options;
    this.#file = new RunFileWriter(model, trainer.optimizer.kind, options);
    this.#start = resume?.state ?? { step: 0, tokens: 0, validation: null };
    this.#tensors = stateTensors(model, trainer.optimizer);
    this.#best = directory.best;
    this.#savedStep = this.#lastDone = this.#start.step;
    this.#checkpoint = resume?.checkpoint;
    this.#saveSeconds = snapshotBytes(this.#savedTensors) / SAVE_BYTES_PER_SECOND;
  }

  /** Takes all steps that are left. */
  async train(): Promise<RunResult> {
    const { steps, seconds, evalEvery, verbose, signal, onCompile, now } = this.options;
    const { batches, validation } = this.data;
    await this.#file.begin();
    try {
      const last = await train(this.trainer, {
        ...{ batches, validation, steps, seconds, start: this.#start, evalEvery, verbose },
        ...{ signal, onCompile, now, reserve: () => this.#saveSeconds },
        measureTasks: this.options.evalTasks?.length ? () => this.#measureTasks() : undefined,
        pauseAt: (step) => this.#isSampled(step),
        onStep: (event) => this.#afterStep(event),
      });
      const result = await this.#finish(last);
      await this.#file.end(signal?.aborted ? "interrupted" : "finished");
      return result;
    } catch (thrown) {
      const error = await this.#giveUp(thrown);
      await this.#file.fail(error);
      throw error;
    }
  }

  async #measureTasks(): Promise<TaskScores> {
    const { evalTasks = [], batch } = this.options;
    const { evaluationWeights: weights } = this.trainer.optimizer;
    const results: TaskScores = {};
    for (const evalTask of evalTasks) {
      const { task, scores } = await evaluateTask(this.model, { ...evalTask, batch, weights });
      results[task] = scores;
    }
    return results;
  }

  async #afterStep(event: StepEvent): Promise<void> {
    const { evalEvery } = this.options;
    const { step, outlook } = event;
    this.#saving.check();
    this.#report(event);
    if (step % evalEvery === 0) await this.#save(event);
    if (this.#isSampled(step) && !outlook.isLast) await this.#sample(step);
  }

  #report(event: StepEvent): void {
    const { step, skipped } = event;
    const { metrics, events, history } = this.directory;
    const recorded = stepMetrics(event);
    metrics.append(recorded);
    events?.addStep(recorded);
    history.add(recorded);
    this.options.onStep?.(event);
    this.#tellSharing();
    this.#lastEvent = event;
    if (!skipped) {
      this.#lastDone = step;
      return;
    }
    this.#skippedSteps++;
    this.options.onNote?.(`Step ${step} was skipped: a gradient was not finite or too large.`);
  }

  #tellSharing(): void {
    const { sharing } = this.trainer.optimizer;
    if (!this.options.verbose || sharing === undefined || this.#isSharingTold) return;
    this.#isSharingTold = true;
    this.options.onNote?.(sharing);
  }

  /** Copies what the checkpoint holds; it is written while training goes on. */
  async #save(event: StepEvent): Promise<void> {
    const { step, validationLoss } = event;
    if (step === this.#savedStep) return;
    this.#savedStep = step;
    if (validationLoss !== undefined && validationLoss < (this.#best?.val_loss ?? Infinity)) {
      this.#best = { step, val_loss: validationLoss };
    }
    const state = this.#stateAfter(event);
    const { now = () => performance.now() } = this.options;
    await this.#saving.idle(); // the copies of two saves would be too much
    const start = now();
    const snapshot = new Snapshot(this.model.gpu.queue, this.#savedTensors);
    await this.#saving.start(async () => {
      using copies = snapshot;
      await this.directory.metrics.flush(); // the log is never behind a checkpoint
      await this.#write(state, copies);
      await this.#prune(state);
      await this.#drawLosses();
      // The software driver and a save share the processor, but for the last save.
      if (!this.model.gpu.isSoftware) this.#saveSeconds = (now() - start) / 1000;
      this.options.onSave?.(step, this.options.out);
    });
  }

  /** What a checkpoint is written from. */
  get #savedTensors(): Tensor[] {
    const { evaluationWeights } = this.trainer.optimizer;
    return [...evaluationWeights.values(), ...this.#tensors.values()];
  }

  #stateAfter({ step, tokens, seconds, outlook }: StepEvent): TrainingState {
    // Where time ended the run, all of it is spent: on kernels, and on what is done at the end.
    const isTimeUp = outlook.isLast && step !== this.options.steps;
    return {
      step,
      tokens,
      seconds: isTimeUp ? Math.max(seconds, this.options.seconds ?? 0) : seconds,
      optimizer: this.trainer.optimizer.kind,
      best: this.#best,
      validation: this.data.validationId ?? this.#start.validation,
      data_position: this.data.batches.position!,
      options: this.options.record ?? {},
    };
  }

  async #write(state: TrainingState, copies: Snapshot): Promise<void> {
    const { model, trainer: { optimizer }, directory: { checkpoints } } = this;
    const { step } = state;
    const read = async (tensor: Tensor) => checkFinite(await copies.read(tensor), tensor, step);
    await checkpoints.add(step, async (directory) => {
      await writeCheckpoint(model, directory, optimizer.evaluationWeights, read);
      await writeTrainingState(directory, state, this.#tensors, read);
    });
    this.#checkpoint = checkpoints.path(step);
  }

  /** Removes all checkpoints but the newest and the best. */
  async #prune({ best }: TrainingState): Promise<void> {
    const { checkpoints } = this.directory;
    const newest = checkpoints.steps().slice(-(this.options.keep ?? 2));
    await checkpoints.prune((step) => newest.includes(step) || step === best?.step);
  }

  async #drawLosses(): Promise<void> {
    // Loaded only now: it is large, and mod.ts should import fast.
    const { lossChart } = await import("./chart.ts");
    const { layers, width } = this.model.config;
    const { out } = this.options;
    const title = basename(resolve(out));
    const subtitle = `Loss of a ${layers}-layer GPT-2 of width ${width}`;
    const { points } = this.directory.history;
    await replaceText(`${out}/loss.svg`, lossChart(points, { title, subtitle }));
  }

  #isSampled(step: number): boolean {
    const { sampleEvery } = this.options;
    return sampleEvery > 0 && step % sampleEvery === 0;
  }

  async #sample(step: number): Promise<void> {
    const { onSample, sampleTokens: maxTokens, seed, signal } = this.options;
    if (!onSample) return;
    const weights = this.trainer.optimizer.evaluationWeights;
    let text = "";
    for await (
      const piece of generate(this.model, { maxTokens, temperature: 0.8, seed, weights })
    ) {
      if (signal?.aborted) return;
      text += piece;
    }
    await appendSample(this.options.out, { step, text });
    this.directory.events?.addSample({ step, text });
    onSample(step, text);
  }

  async #finish(last: StepEvent | undefined): Promise<RunResult> {
    if (last) await this.#save(last);
    await this.#saving.idle();
    if (last && !this.options.signal?.aborted) await this.#sample(last.step);
    return {
      last,
      best: this.#best ?? undefined,
      skipped: this.data.skipped + this.data.batches.skipped,
      skippedSteps: this.#skippedSteps,
    };
  }

  /** Saves what can be saved; returns the error, with the last checkpoint if the user is told. */
  async #giveUp(error: unknown): Promise<unknown> {
    const last = this.#lastEvent;
    // Skipped steps left everything as the last one that was done.
    if (error instanceof DivergedError && last?.skipped && this.#lastDone > this.#savedStep) {
      await this.#save(last);
    }
    await this[Symbol.asyncDispose](); // which may still become the last checkpoint
    if (this.#checkpoint === undefined || !(error instanceof UserError)) return error;
    return new UserError(
      `${error.message}; the last checkpoint is ${this.#checkpoint}`,
      error.code,
    );
  }

  /** Waits for the checkpoint that is being written. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#saving[Symbol.asyncDispose]();
  }
}

/** @throws {UserError} If a value is not finite: then no step from here on can be trained. */
function checkFinite(values: Float32Array, { label }: Tensor, step: number): Float32Array {
  for (let i = 0; i < values.length; i++) {
    if (Number.isFinite(values[i])) continue;
    throw new UserError(
      `${label} has the value ${values[i]} after step ${step}: training cannot go on`,
      "DIVERGED",
    );
  }
  return values;
}
