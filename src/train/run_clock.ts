import { UsageError } from "../errors.ts";
import { Throughput } from "./throughput.ts";

/** How long a run is, what was done before it was resumed included. */
export interface RunLength {
  /** Number of steps. @default as many as `seconds` allow */
  steps?: number;
  /**
   * Seconds within which it ends, evaluated and saved; kernels that are compiled before the first
   * step count, but not those of a run before it was resumed. Where `steps` are given too, what comes
   * first ends it.
   * @default as many as `steps` take
   */
  seconds?: number;
}

/** How far a run is. */
export interface Outlook {
  /** Whether it ends with this step. */
  isLast: boolean;
  /** Steps that it will have taken; where time may end it, by the pace so far, once that is known. */
  steps?: number;
  /** Whether `steps` is estimated. */
  isEstimate: boolean;
  /** The part of it that is done, from 0 to 1. */
  done: number;
  /** Seconds that a step takes, evaluations included: the mean but for the first two. */
  secondsPerStep?: number;
  /** Seconds that are left, once the pace is known or where time ends it. */
  secondsLeft?: number;
}

/** What a run's time depends on besides its steps. */
export interface RunClockOptions extends RunLength {
  /** What was done before. @default nothing */
  start?: { step: number; seconds?: number };
  /** Tokens of an evaluation. */
  validationTokens: number;
  /** Seconds to leave after the last evaluation. @default none */
  reserve?: () => number;
  /** A clock, in milliseconds. */
  now: () => number;
}

/** The part of a step's time that a forward pass takes (Kaplan et al. 2020, section 2.1). */
const PASS = 1 / 3;

/** The time of a run: how much of it is left, how many steps that allows, and how fast they are. */
export class RunClock {
  readonly throughput: Throughput;
  readonly #options: RunClockOptions;
  readonly #start: { step: number; seconds: number };
  /** When the run's time is over, in milliseconds of the clock; infinite if steps end it. */
  readonly #end: number;
  /** When the first step began. */
  #began: number;
  /** The step that the pace is measured from and the last one that is done, and when they were. */
  #first: { step: number; ms: number } | undefined;
  #last: { step: number; ms: number } | undefined;
  /** Milliseconds of the last evaluation; an estimate before there is one. */
  #evaluation = 0;
  #hasEvaluated = false;

  /**
   * Starts now.
   *
   * @throws {UsageError} If it is not said how long the run is.
   */
  constructor(options: RunClockOptions) {
    const { steps, seconds = Infinity, start, now } = options;
    if (steps === undefined && seconds === Infinity) {
      throw new UsageError("steps or seconds must say how long to train");
    }
    if (!(seconds > 0)) throw new UsageError(`seconds must be above 0, not ${seconds}`);
    this.#options = options;
    this.#start = { step: start?.step ?? 0, seconds: start?.seconds ?? 0 };
    this.#began = now();
    this.#end = this.#began + 1000 * (seconds - this.#start.seconds);
    this.throughput = new Throughput(now);
  }

  /** The first step begins now. */
  begin(): void {
    this.#began = this.#options.now();
    this.throughput.restart();
  }

  /** Seconds of training so far, those before included, without what was before the first step. */
  get seconds(): number {
    return this.#start.seconds + (this.#options.now() - this.#began) / 1000;
  }

  /** Whether nothing is left of the run that is resumed. */
  get isOver(): boolean {
    const { steps = Infinity, seconds = Infinity } = this.#options;
    return this.#start.step >= steps || this.#start.seconds >= seconds;
  }

  /** Counts a step that was just told of; returns the tokens per second. */
  stepDone(step: number, tokens: number): number {
    this.#last = { step, ms: this.#options.now() };
    // Of the first steps one is alone and the next has another submitted before it is told of.
    if (step <= this.#start.step + 2) this.#first = this.#last;
    const tokensPerSecond = this.throughput.add(tokens);
    const { validationTokens } = this.#options;
    if (!this.#hasEvaluated) this.#evaluation = 1000 * PASS * validationTokens / tokensPerSecond;
    return tokensPerSecond;
  }

  /** Runs an evaluation, and keeps in mind how long it takes. */
  async evaluation<T>(run: () => Promise<T>): Promise<T> {
    const start = this.#options.now();
    const result = await run();
    this.#evaluation = this.#options.now() - start;
    this.#hasEvaluated = true;
    return result;
  }

  /** Milliseconds that are to be left for the last evaluation and what follows it. */
  get #closing(): number {
    return this.#evaluation + 1000 * (this.#options.reserve?.() ?? 0);
  }

  /** Whether the step under way could be the last one that there is time for. */
  get isNearEnd(): boolean {
    if (this.#end === Infinity) return false;
    const { msPerStep } = this.throughput;
    return msPerStep === undefined ||
      this.#options.now() + 3 * msPerStep + 2 * this.#closing > this.#end;
  }

  /** Whether there is time for another step, while none is under way. */
  get allowsAnother(): boolean {
    return this.#options.now() + (this.throughput.msPerStep ?? 0) + this.#closing <= this.#end;
  }

  /**
   * The steps that a schedule is laid out for after `done` of them: those that the run has or, where
   * time ends it, as many as it will have at its mean pace.
   */
  scheduledSteps(done: number): number {
    const { steps = Infinity } = this.#options;
    if (this.#end === Infinity) return steps;
    const pace = this.#msPerStep(this.#start);
    return pace === undefined ? steps : Math.min(steps, done + this.#msToTrain / pace);
  }

  /** How far the run is after a step that is done. */
  outlook(step: number, isLast: boolean): Outlook {
    const isTimed = this.#end < Infinity;
    if (isLast) return { isLast, steps: step, isEstimate: false, done: 1, secondsLeft: 0 };
    const { steps = Infinity } = this.#options;
    const pace = this.#msPerStep();
    const expected = pace === undefined && isTimed
      ? undefined
      : Math.min(steps, step + Math.floor(this.#msToTrain / (pace ?? 1)));
    const secondsLeft = Math.min(this.#timeLeft, (steps - step) * (pace ?? Infinity) / 1000);
    return {
      isLast,
      ...expected === undefined ? {} : { steps: expected },
      isEstimate: isTimed,
      done: this.partDone(step),
      ...pace === undefined ? {} : { secondsPerStep: pace / 1000 },
      ...secondsLeft < Infinity ? { secondsLeft } : {},
    };
  }

  /** The part of the run that is done after a step, from 0 to 1. */
  partDone(step: number): number {
    const { seconds } = this;
    const ofTime = this.#end < Infinity ? seconds / (seconds + this.#timeLeft) : 0;
    return Math.max(step / (this.#options.steps ?? Infinity), ofTime);
  }

  /** Seconds until time ends the run. */
  get #timeLeft(): number {
    return Math.max(0, this.#end - this.#options.now()) / 1000;
  }

  /** Milliseconds that are left for steps. */
  get #msToTrain(): number {
    return Math.max(0, this.#end - this.#options.now() - this.#closing);
  }

  /**
   * The mean of the steps but the first two, evaluations included; undefined if there are none.
   *
   * @param before Steps and seconds that count too, if there are any.
   */
  #msPerStep(before = { step: 0, seconds: 0 }): number | undefined {
    const steps = (before.seconds > 0 ? before.step : 0) +
      (this.#last?.step ?? 0) - (this.#first?.step ?? 0);
    const ms = 1000 * before.seconds + (this.#last?.ms ?? 0) - (this.#first?.ms ?? 0);
    return steps > 0 && ms > 0 ? ms / steps : undefined;
  }
}
