import { DivergedError } from "../errors.ts";
import type { Batch } from "../tokens/batch.ts";
import type { Norms } from "../optim/optimizer.ts";
import { scheduledLearningRate } from "./schedule.ts";
import { Throughput } from "./throughput.ts";
import type { Trainer } from "./trainer.ts";

/** What is known after a step. */
export interface StepEvent {
  /** Steps done. */
  step: number;
  /** Tokens trained on so far. */
  tokens: number;
  /** Loss of the step's batch, in nats per token. */
  loss: number;
  /**
   * Whether the step left everything as it was, since a gradient was not finite or too large; the
   * loss may not be finite either.
   */
  skipped: boolean;
  /** AGD's automatic step size, of which the first steps take a part; see {@linkcode Agd}. */
  eta?: number;
  /** AGD's gradient summary, G. */
  gradientSummary?: number;
  /** Norms by group of parameters, at evaluations, or each step if `verbose`. */
  norms?: Norms;
  /** Step size of AdamW and SGD. */
  learningRate?: number;
  /** Loss on the validation batches, in nats per token, at steps that evaluate. */
  validationLoss?: number;
  /** Tokens trained on per second, over the last steps. */
  tokensPerSecond: number;
  /** Milliseconds for which this step waited for its batch. */
  dataWaitMs: number;
  /** Milliseconds of this thread that the step took, see {@linkcode Trainer.hostMs}. */
  hostMs: number;
}

/** What to train on, for how long, and whom to tell. */
export interface TrainOptions {
  /** Training batches of the trainer's `accumulate * batch` sequences; training ends early if they do. */
  batches: AsyncIterable<Batch>;
  /** Batches that the validation loss is measured on. @default none */
  validation?: readonly Batch[];
  /** Number of steps, those done before included. */
  steps: number;
  /** What was done before, of a run that is continued. @default nothing */
  start?: { step: number; tokens: number };
  /**
   * Steps between evaluations; the last of `steps` always evaluates. There no further step is
   * under way when `onStep` is called, so that the weights are those of the event. @default 100
   */
  evalEvery?: number;
  /**
   * Further steps after which nothing is submitted until `onStep` is done, so that it sees the
   * weights of its step; other steps may be told of when the next one is under way.
   * @default only evaluations
   */
  pauseAt?: (step: number) => boolean;
  /** Measure norms at every step, and not only at evaluations. @default false */
  verbose?: boolean;
  /** Called while kernels are compiled, before the first step; not if all have been. */
  onCompile?: (done: number, kernels: number) => void;
  /** Called after each step, in order; awaited. */
  onStep?: (event: StepEvent) => void | Promise<void>;
  /** Finishes the step under way and stops when aborted. */
  signal?: AbortSignal;
}

/** Skipped steps in a row with which training gives up. */
const MOST_SKIPPED = 10;

/**
 * Trains: while the GPU works on one step the next batch is fetched and submitted, and each loss
 * is read one step late. An optimiser with a `learningRate` gets it by
 * {@linkcode scheduledLearningRate}: warm-up, then a cosine down to a tenth.
 *
 * @returns The last event; undefined if there was no step.
 * @throws {DivergedError} If 10 steps in a row are skipped, in which case weights and state are
 * those of the last step that was done; or if the loss is no number though the gradients are.
 * @throws {UserError} On bad data.
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

/** A step that the GPU is at work on. */
interface Submitted {
  step: number;
  batch: Batch;
  /** Whether the validation loss is measured after it. */
  evaluates: boolean;
  learningRate?: number;
  dataWaitMs: number;
  hostMs: number;
  result: ReturnType<Trainer["step"]>;
}

/** One step is under way on the GPU while the next one is fetched and submitted. */
class TrainingLoop {
  readonly #trainer: Trainer;
  readonly #options: TrainOptions;
  readonly #batches: AsyncIterator<Batch>;
  /** The learning rate that was asked for, if the optimiser has one. */
  readonly #peak: number | undefined;
  readonly #throughput = new Throughput();
  #tokens: number;
  #skippedInARow = 0;
  #last: StepEvent | undefined;

  constructor(trainer: Trainer, options: TrainOptions) {
    this.#trainer = trainer;
    this.#options = options;
    this.#batches = options.batches[Symbol.asyncIterator]();
    this.#peak = trainer.optimizer.learningRate;
    this.#tokens = options.start?.tokens ?? 0;
  }

  async run(): Promise<StepEvent | undefined> {
    const { start, steps, signal, onCompile } = this.#options;
    let pending: Submitted | undefined;
    try {
      await this.#trainer.compile({ onProgress: onCompile, signal });
      this.#throughput.restart();
      for (let step = (start?.step ?? 0) + 1; step <= steps && !signal?.aborted; step++) {
        const submitted = await this.#submit(step);
        if (!submitted) break;
        if (pending) await this.#finish(pending);
        pending = submitted;
        if (!this.#pausesAfter(submitted)) continue;
        await this.#finish(submitted);
        pending = undefined;
        // Evaluating, and saving and sampling after it, do not count as training time.
        this.#throughput.restart();
      }
      if (pending) await this.#finish(pending);
    } finally {
      if (this.#peak) this.#trainer.optimizer.learningRate = this.#peak;
      await this.#batches.return?.(); // as a loop over them would
    }
    return this.#last;
  }

  /** Fetches a batch and starts its step; undefined if there are no more. */
  async #submit(step: number): Promise<Submitted | undefined> {
    const { steps, evalEvery = 100, verbose = false } = this.#options;
    const asked = performance.now();
    const { done, value: batch } = await this.#batches.next();
    const dataWaitMs = performance.now() - asked;
    if (done) return;
    const learningRate = this.#peak && scheduledLearningRate(this.#peak, step - 1, steps);
    if (learningRate) this.#trainer.optimizer.learningRate = learningRate;
    const evaluates = step % evalEvery === 0 || step === steps;
    const result = this.#trainer.step(batch, verbose || evaluates);
    result.catch(() => {}); // its turn to be told of comes later
    const { hostMs } = this.#trainer;
    return { step, batch, evaluates, learningRate, dataWaitMs, hostMs, result };
  }

  /** Whether somebody must see this step's weights, not the next one's. */
  #pausesAfter({ step, evaluates }: Submitted): boolean {
    const isLastChance = this.#skippedInARow === MOST_SKIPPED - 1;
    return evaluates || (this.#options.pauseAt?.(step) ?? false) || isLastChance;
  }

  /** Waits for a step, evaluates if it is time to, and reports. */
  async #finish(submitted: Submitted): Promise<void> {
    const { step, batch, result, learningRate, dataWaitMs, hostMs } = submitted;
    const { loss, skipped, ...found } = await result;
    if (!skipped && !Number.isFinite(loss)) {
      throw this.#diverged(`the loss of step ${step} is ${loss}`);
    }
    const tokensPerSecond = this.#throughput.add(batch.inputs.length);
    const tokens = this.#tokens += batch.inputs.length;
    const times = { tokensPerSecond, dataWaitMs, hostMs };
    this.#last = { step, tokens, loss, skipped, ...found, learningRate, ...times };
    this.#skippedInARow = skipped ? this.#skippedInARow + 1 : 0;
    if (submitted.evaluates) await this.#evaluate(this.#last);
    await this.#options.onStep?.(this.#last);
    if (this.#skippedInARow < MOST_SKIPPED) return;
    throw this.#diverged(
      `in ${MOST_SKIPPED} steps in a row, up to step ${step}, a gradient was not finite or ` +
        "too large",
    );
  }

  /** Adds the validation loss, if there is something to measure it on. */
  async #evaluate(event: StepEvent): Promise<void> {
    const { validation = [] } = this.#options;
    if (validation.length === 0) return;
    const loss = await meanLoss(this.#trainer, validation);
    if (!Number.isFinite(loss)) {
      throw this.#diverged(`the validation loss after step ${event.step} is ${loss}`);
    }
    event.validationLoss = loss;
  }

  #diverged(why: string): DivergedError {
    const rate = this.#peak ? ` with a learning rate of ${this.#peak}` : "";
    return new DivergedError(`${why}: training cannot go on${rate}`);
  }
}

/**
 * The mean loss of a trainer's evaluation weights over batches of its size, in nats per token.
 *
 * @example
 * ```ts
 * import { Agd, Gpu, loadCheckpoint, meanLoss, openTokenStream, Trainer } from "@agd/gpt2";
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
 * console.log(await meanLoss(trainer, [await batches.next(), await batches.next()]));
 * ```
 */
export async function meanLoss(trainer: Trainer, batches: readonly Batch[]): Promise<number> {
  let sum = 0;
  let before: Promise<number> | undefined;
  for (const batch of batches) { // each is submitted before the one before it is waited for
    const loss = trainer.loss(batch);
    loss.catch(() => {}); // its turn to be told of comes later
    sum += await before ?? 0;
    before = loss;
  }
  sum += await before ?? 0;
  return sum / batches.length;
}
