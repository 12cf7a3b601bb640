import { DivergedError } from "../errors.ts";
import type { Batch } from "../tokens/batch.ts";
import { Agreed } from "./agreed.ts";
import { meanLoss } from "./mean_loss.ts";
import type { StepEvent, TrainOptions } from "./options.ts";
import { RunClock } from "./run_clock.ts";
import { scheduledLearningRate } from "./schedule.ts";
import type { Trainer } from "./trainer.ts";

/** Skipped steps in a row with which training gives up. */
const MOST_SKIPPED = 10;

/** A step that the GPU is at work on. */
interface Submitted {
  step: number;
  batch: Batch;
  /** Whether the validation loss is measured after it. */
  evaluates: boolean;
  learningRate?: number;
  dataWaitMs: number;
  hostMs: number;
  reduceWaitMs?: number;
  result: ReturnType<Trainer["step"]>;
}

/** One step is under way on the GPU while the next one is fetched and submitted. */
export class TrainingLoop {
  readonly #trainer: Trainer;
  readonly #options: TrainOptions;
  readonly #batches: AsyncIterator<Batch>;
  /** The learning rate that was asked for, if the optimiser has one. */
  readonly #peak: number | undefined;
  readonly #agreed: Agreed;
  readonly #clock: RunClock;
  #tokens: number;
  #skippedInARow = 0;
  /** Of the `evaluations` that are asked for, those that are done. */
  #evaluatedParts = 0;
  /** Whether there is no step to be taken any more. */
  #isOver = false;
  #last: StepEvent | undefined;

  constructor(trainer: Trainer, options: TrainOptions) {
    this.#trainer = trainer;
    this.#options = options;
    this.#batches = options.batches[Symbol.asyncIterator]();
    this.#peak = trainer.optimizer.learningRate;
    this.#tokens = options.start?.tokens ?? 0;
    const { validation = [], now = () => performance.now(), reserve = () => 0, signal } = options;
    const validationTokens = validation.reduce((sum, { inputs }) => sum + inputs.length, 0);
    this.#agreed = new Agreed(
      { now, reserve, isAborted: () => signal?.aborted ?? false },
      trainer.parallel?.communicator,
    );
    const agreed = { now: this.#agreed.now, reserve: this.#agreed.reserve };
    this.#clock = new RunClock({ ...options, validationTokens, ...agreed });
  }

  /** Takes the steps that are left. */
  async run(): Promise<StepEvent | undefined> {
    const { start, signal, onCompile } = this.#options;
    let pending: Submitted | undefined;
    this.#isOver = this.#clock.isOver;
    try {
      if (!this.#isOver) await this.#trainer.compile({ onProgress: onCompile, signal });
      await this.#agreed.update();
      this.#clock.begin();
      for (let step = (start?.step ?? 0) + 1; this.#goesOn; step++) {
        const submitted = await this.#submit(step);
        if (!submitted) break;
        if (pending) await this.#finish(pending);
        pending = submitted;
        const pauses = this.#pausesAfter(submitted);
        await this.#trainer.outer?.synchronize(pauses);
        submitted.reduceWaitMs = this.#trainer.parallel?.waitMs;
        if (!pauses) continue;
        pending = undefined;
        await this.#finish(submitted, true);
        // Evaluating, and saving and sampling after it, do not count as training time.
        this.#clock.throughput.restart();
      }
      await this.#trainer.outer?.synchronize(true);
      if (pending) await this.#finish(pending);
    } finally {
      if (this.#peak) this.#trainer.optimizer.learningRate = this.#peak;
      await this.#batches.return?.(); // as a loop over them would
    }
    return this.#last;
  }

  get #goesOn(): boolean {
    return !this.#isOver && !this.#agreed.isAborted();
  }

  /** Fetches a batch and starts its step; undefined if there are no more. */
  async #submit(step: number): Promise<Submitted | undefined> {
    const { steps, decay, horizon = 0, verbose = false } = this.#options;
    const asked = performance.now();
    const { done, value: batch } = await this.#batches.next();
    const dataWaitMs = performance.now() - asked;
    if (done) return;
    await this.#agreed.update();
    const scheduled = step <= horizon ? horizon : this.#clock.scheduledSteps(step - 1);
    const learningRate = this.#peak &&
      scheduledLearningRate(this.#peak, step - 1, scheduled, decay);
    if (learningRate !== undefined) this.#trainer.optimizer.learningRate = learningRate;
    const evaluates = this.#isDue(step) || step === steps;
    const result = this.#trainer.step(batch, verbose || evaluates);
    result.catch(() => {}); // its turn to be told of comes later
    const { hostMs, submitted } = this.#trainer;
    await submitted?.catch(() => {}); // as does what comes of it
    return { step, batch, evaluates, learningRate, dataWaitMs, hostMs, result };
  }

  /** Whether it is time for an evaluation after a step that is about to be taken. */
  #isDue(step: number): boolean {
    const { evalEvery = 100, evaluations } = this.#options;
    if (evaluations === undefined) return step % evalEvery === 0;
    // The last part ends with the last step, which evaluates whenever it is.
    const part = Math.min(evaluations - 1, Math.floor(this.#clock.partDone(step) * evaluations));
    const isDue = part > this.#evaluatedParts;
    this.#evaluatedParts = part;
    return isDue;
  }

  /** Whether somebody must see this step's weights, not the next one's. */
  #pausesAfter({ step, evaluates }: Submitted): boolean {
    const isLastChance = this.#skippedInARow === MOST_SKIPPED - 1;
    return evaluates || (this.#options.pauseAt?.(step) ?? false) || isLastChance ||
      this.#clock.isNearEnd;
  }

  /**
   * Waits for a step, evaluates if it is time to, and reports.
   *
   * @param isAlone Whether no other step is under way, so that this may be the last one.
   */
  async #finish(submitted: Submitted, isAlone = false): Promise<void> {
    const { step, batch, result, learningRate, dataWaitMs, hostMs, reduceWaitMs } = submitted;
    const own = await result;
    const { loss, skipped, ...found } = await this.#trainer.outer?.overall(own) ?? own;
    if (isAlone) await this.#agreed.update();
    if (!skipped && !Number.isFinite(loss)) {
      throw this.#diverged(`the loss of step ${step} is ${loss}`);
    }
    const tokens = this.#tokens += batch.inputs.length;
    const tokensPerSecond = this.#clock.stepDone(step, batch.inputs.length);
    const times = {
      ...{ tokensPerSecond, dataWaitMs, hostMs },
      ...reduceWaitMs === undefined ? {} : { reduceWaitMs },
    };
    const { epochs } = batch;
    const event = { step, tokens, loss, skipped, ...found, learningRate, epochs, ...times };
    let evaluated = submitted.evaluates ? await this.#evaluate(event) : undefined;
    const isLast = step === this.#options.steps || isAlone && !this.#clock.allowsAnother;
    if (isLast) evaluated ??= await this.#evaluate(event);
    const outlook = this.#clock.outlook(step, isLast);
    this.#last = { ...event, ...evaluated, seconds: this.#clock.seconds, outlook };
    this.#skippedInARow = skipped ? this.#skippedInARow + 1 : 0;
    await this.#options.onStep?.(this.#last);
    this.#isOver = isLast;
    if (this.#skippedInARow < MOST_SKIPPED) return;
    throw this.#diverged(
      `in ${MOST_SKIPPED} steps in a row, up to step ${step}, a gradient was not finite or ` +
        "too large",
    );
  }

  /**
   * The validation loss and the tasks' scores, if there is something to measure them on, and norms
   * if there are none yet.
   */
  async #evaluate(
    { step, skipped, norms }: Pick<StepEvent, "step" | "skipped" | "norms">,
  ): Promise<Pick<StepEvent, "validationLoss" | "tasks" | "norms">> {
    const { validation = [], measureTasks } = this.#options;
    const { optimizer } = this.#trainer;
    await this.#trainer.checkWeights(step);
    const measured = skipped ? undefined : norms ?? await optimizer.norms?.();
    const evaluated = measured ? { norms: measured } : {};
    if (validation.length === 0 && !measureTasks) return evaluated;
    const { validationLoss, tasks } = await this.#clock.evaluation(async () => {
      const validationLoss = validation.length === 0
        ? undefined
        : await meanLoss(this.#trainer, validation);
      const tasks = await measureTasks?.();
      await this.#agreed.update();
      return { validationLoss, tasks };
    });
    if (validationLoss !== undefined && !Number.isFinite(validationLoss)) {
      throw this.#diverged(`the validation loss after step ${step} is ${validationLoss}`);
    }
    return { ...evaluated, validationLoss, tasks };
  }

  #diverged(why: string): DivergedError {
    const rate = this.#peak ? ` with a learning rate of ${this.#peak}` : "";
    return new DivergedError(`${why}: training cannot go on${rate}`);
  }
}
