import { DivergedError } from "../errors.ts";
import type { TokenBatch } from "../model/passes.ts";
import type { Norms } from "../optim/optimizer.ts";
import { scheduledLearningRate } from "./schedule.ts";
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
  batches: AsyncIterable<TokenBatch>;
  /** Batches that the validation loss is measured on. @default none */
  validation?: readonly TokenBatch[];
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
 * ```ts no-run
 * import { type TokenBatch, train, type Trainer } from "@agd/gpt2";
 *
 * declare const trainer: Trainer;
 * declare const batches: AsyncIterable<TokenBatch>;
 * await train(trainer, {
 *   batches,
 *   steps: 1000,
 *   onStep: ({ step, loss }) => console.log(step, loss),
 * });
 * ```
 */
export async function train(
  trainer: Trainer,
  options: TrainOptions,
): Promise<StepEvent | undefined> {
  const { batches, validation = [], steps, evalEvery = 100, pauseAt, onStep, signal } = options;
  const { verbose = false } = options;
  const { start = { step: 0, tokens: 0 } } = options; // of a run that is continued
  const { optimizer } = trainer;
  const peak = optimizer.learningRate;
  const ending = "training cannot go on" + (peak ? ` with a learning rate of ${peak}` : "");
  let last: StepEvent | undefined;
  let tokens = start.tokens;
  let skippedInARow = 0;
  const throughput = new Throughput();
  const iterator = batches[Symbol.asyncIterator]();

  /** Waits for a step, evaluates if there is something to evaluate on, and reports. */
  const finish = async (submitted: Submitted, { evaluates = false, pauses = false } = {}) => {
    const { step, batch, result, learningRate, dataWaitMs, hostMs } = submitted;
    const { loss, skipped, ...found } = await result;
    if (!skipped && !Number.isFinite(loss)) {
      throw new DivergedError(`the loss of step ${step} is ${loss}: ${ending}`);
    }
    const tokensPerSecond = throughput.add(batch.inputs.length);
    tokens += batch.inputs.length;
    const times = { tokensPerSecond, dataWaitMs, hostMs };
    last = { step, tokens, loss, skipped, ...found, learningRate, ...times };
    skippedInARow = skipped ? skippedInARow + 1 : 0;
    if (evaluates && validation.length > 0) {
      const validationLoss = await meanLoss(trainer, validation);
      if (!Number.isFinite(validationLoss)) {
        throw new DivergedError(
          `the validation loss after step ${step} is ${validationLoss}: ${ending}`,
        );
      }
      last.validationLoss = validationLoss;
    }
    await onStep?.(last);
    if (skippedInARow === MOST_SKIPPED) {
      throw new DivergedError(
        `in ${MOST_SKIPPED} steps in a row, up to step ${step}, a gradient was not finite or ` +
          `too large: ${ending}`,
      );
    }
    // Evaluating, and saving and sampling after it, do not count as training time.
    if (pauses) throughput.restart();
  };

  let pending: Submitted | undefined;
  try {
    for (let step = start.step + 1; step <= steps && !signal?.aborted; step++) {
      const asked = performance.now();
      const { done, value: batch } = await iterator.next();
      const dataWaitMs = performance.now() - asked;
      if (done) break;
      const learningRate = peak && scheduledLearningRate(peak, step - 1, steps);
      if (learningRate) optimizer.learningRate = learningRate;
      const evaluates = step % evalEvery === 0 || step === steps;
      const result = trainer.step(batch, verbose || evaluates);
      result.catch(() => {}); // its turn to be told of comes later
      const { hostMs } = trainer;
      const submitted = { step, batch, learningRate, dataWaitMs, hostMs, result };
      if (pending) await finish(pending);
      pending = submitted;
      // An evaluation must see this step's weights, not the next one's.
      const isLastChance = skippedInARow === MOST_SKIPPED - 1;
      if (evaluates || pauseAt?.(step) || isLastChance) {
        await finish(pending, { evaluates, pauses: true });
        pending = undefined;
      }
    }
    if (pending) await finish(pending);
  } finally {
    if (peak) optimizer.learningRate = peak;
  }
  return last;
}

/** Tokens per second over the last few steps: single steps may be told of in bursts. */
class Throughput {
  #times = [performance.now()];
  #tokens: number[] = [];

  add(tokens: number): number {
    this.#tokens.push(tokens);
    this.#times.push(performance.now());
    if (this.#tokens.length > 10) {
      this.#tokens.shift();
      this.#times.shift();
    }
    const sum = this.#tokens.reduce((a, b) => a + b, 0);
    return sum / (this.#times.at(-1)! - this.#times[0]) * 1000;
  }

  restart(): void {
    this.#times = [performance.now()];
    this.#tokens = [];
  }
}

interface Submitted {
  step: number;
  batch: TokenBatch;
  learningRate?: number;
  dataWaitMs: number;
  hostMs: number;
  result: ReturnType<Trainer["step"]>;
}

/**
 * The mean loss of a trainer's evaluation weights over batches of its size, in nats per token.
 *
 * @example
 * ```ts no-run
 * import { meanLoss, type TokenBatch, type Trainer } from "@agd/gpt2";
 *
 * declare const trainer: Trainer;
 * declare const batches: TokenBatch[];
 * console.log(await meanLoss(trainer, batches));
 * ```
 */
export async function meanLoss(trainer: Trainer, batches: readonly TokenBatch[]): Promise<number> {
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
