import { UsageError } from "../errors.ts";
import { stepMetrics } from "../run/metrics.ts";
import type { StepEvent, TaskScores } from "../train/options.ts";
import type { Arguments } from "./arguments.ts";
import { count } from "./count.ts";
import { formatSeconds, ProgressBar, stepOf } from "./progress_bar.ts";
import { printJson, printLine } from "./terminal.ts";

/** Where a training run reports to. Disposing leaves the terminal ready for other output. */
export interface Display extends Disposable {
  /** Tells of the run: an event by name, what it holds, and how to put it to people, if at all. */
  tell(event: string, data: Record<string, unknown>, text?: string): void;
  /** Tells that so many of the kernels are compiled; of none first. */
  compiling(done: number, kernels: number): void;
  step(event: StepEvent): void;
  sample(step: number, text: string): void;
}

/**
 * One JSON object a line, whose `event` is one of
 *
 * - `vocabulary`: all of the data, which is long, is read for the tokens that it uses
 * - `autotune`: kernels were timed for `measured` shapes of matrix products, and not for `left` more
 * - `start`: `adapter`, `parameters`, `config`, `optimizer`, `steps` or `seconds`, or both, of which
 *   the first ends it, `tokens_per_step`, `out`
 * - `resume`: `step`, the last one that was done before, `checkpoint`, and `changes`, a list of
 *   sentences on the options that are not what they were
 * - `dashboard`: `address`, of the page on the run
 * - `compile`: `kernels`, how many are compiled before the first step
 * - `note`: `text`, something to know
 * - `step`: the same as a line of metrics.jsonl, and `steps`, those that the run will have taken, and
 *   `seconds_left`, as far as they are known: where time ends the run, `steps` is estimated
 * - `pace`: `seconds_per_step` and `steps`, estimated after the first steps, where time ends the run
 * - `sample`: `step`, `text`
 * - `save`: `step`, `out`, which now holds the model of this step
 * - `stopping`: the run was interrupted, and stops after the step under way
 * - `end`: `step` (the last one), `best` (the `step` with the lowest `val_loss`, which is kept),
 *   `out`, `interrupted`, `skipped` (lines, with `--skip-bad`), `skipped_steps`
 *
 * or, of a dry run, `dry-run`: `adapter`, `parameters`, `memory` and `host_memory` (while a
 * checkpoint is written) in bytes, unless the model is absurdly large, `fits`, and if not `reason`, or
 * if so `seconds_per_step`, `steps` and `seconds` (of the whole run), which are estimates.
 */
export class JsonDisplay implements Display {
  tell(event: string, data: Record<string, unknown>): void {
    printJson({ event, ...data });
  }

  compiling(done: number, kernels: number): void {
    if (done === 0) this.tell("compile", { kernels });
  }

  step(event: StepEvent): void {
    const { outlook: { steps, secondsLeft } } = event;
    this.tell("step", { ...stepMetrics(event), steps, seconds_left: secondsLeft });
  }

  sample(step: number, text: string): void {
    this.tell("sample", { step, text });
  }

  [Symbol.dispose](): void {}
}

/** Nothing but how it ended. */
export class QuietDisplay implements Display {
  tell(event: string, _data: Record<string, unknown>, text = ""): void {
    if (event === "end" || event === "dry-run") printLine(text);
  }

  compiling(): void {}

  step(): void {}

  sample(): void {}

  [Symbol.dispose](): void {}
}

/** Nothing at all: of several processes one displays. */
export class SilentDisplay implements Display {
  tell(): void {}

  compiling(): void {}

  step(): void {}

  sample(): void {}

  [Symbol.dispose](): void {}
}

/** The part of a run after which the next line is due. */
const LINES = 40;

/** The longest silence in milliseconds, but for steps that take longer. */
const SILENCE = 60_000;

/** Lines of text: some of the steps, or on a terminal a progress bar below them. */
export class TextDisplay implements Display {
  readonly #bar = Deno.stdout.isTerminal() ? new ProgressBar() : undefined;
  readonly #verbose: boolean;
  #printedAt = performance.now();
  /** The part of the run that was done when a step was last printed. */
  #printedDone = -Infinity;

  constructor({ verbose = false } = {}) {
    this.#verbose = verbose;
  }

  tell(_event: string, _data: Record<string, unknown>, text?: string): void {
    if (text !== undefined) this.#line(text);
  }

  compiling(done: number, kernels: number): void {
    if (this.#bar) this.#bar.compiling(done, kernels);
    else if (done === 0) this.#line(`Compiling ${count(kernels, "kernel")}.`);
  }

  step(event: StepEvent): void {
    this.#bar?.step(event);
    // Beside a bar only evaluations are worth a line.
    if (this.#verbose) {
      this.#line([describeStep(event), ...describeNorms(event)].join("\n"));
    } else if (event.validationLoss !== undefined || (this.#isDue(event) && !this.#bar)) {
      this.#line(describeStep(event));
    }
  }

  #isDue({ step, outlook: { steps, isEstimate, done } }: StepEvent): boolean {
    if (performance.now() - this.#printedAt > SILENCE) return true;
    if (steps !== undefined && !isEstimate) {
      return step % Math.max(1, Math.round(steps / LINES)) === 0 || step === 1 || step === steps;
    }
    if (done - this.#printedDone < 1 / LINES) return false;
    this.#printedDone = done;
    return true;
  }

  sample(step: number, text: string): void {
    this.#line(`--- sample after step ${step} ---\n${text.trim()}\n---`);
  }

  #line(text: string): void {
    this.#bar?.erase();
    printLine(text);
    this.#printedAt = performance.now();
    this.#bar?.draw();
  }

  [Symbol.dispose](): void {
    this.#bar?.erase();
  }
}

/**
 * The display that `--json`, `--quiet` and `--verbose` ask for.
 *
 * @throws {UsageError} If they do not go together.
 */
export function chooseDisplay(options: Arguments): Display {
  if (options.flag("quiet") && options.flag("json")) {
    throw new UsageError("--quiet and --json exclude each other");
  }
  const verbose = options.flag("verbose");
  if (options.flag("quiet") && verbose) {
    throw new UsageError("--quiet and --verbose exclude each other");
  }
  if (options.flag("json")) return new JsonDisplay();
  return options.flag("quiet") ? new QuietDisplay() : new TextDisplay({ verbose });
}

/** A line for each group of parameters, and one for what all of them come to. */
function describeNorms({ norms = {}, gradientSummary, reduceWaitMs }: StepEvent): string[] {
  const number = (value: number) => value.toPrecision(3).padEnd(9);
  return [
    ...Object.entries(norms).map(([group, { gradient, update, weight }]) =>
      `  ${group.padEnd(10)}  gradient ${number(gradient)}  update ${number(update)}  ` +
      `weight ${weight.toPrecision(3)}`
    ),
    ...gradientSummary === undefined ? [] : [`  G ${gradientSummary.toPrecision(3)}`],
    ...reduceWaitMs === undefined
      ? []
      : [`  waited ${reduceWaitMs.toFixed(1)} ms for the sums of gradients`],
  ];
}

/** Each measure, with its task's name before it where there are several. */
function describeTasks(tasks: TaskScores): string[] {
  const isOne = Object.keys(tasks).length === 1;
  return Object.entries(tasks).flatMap(([task, scores]) =>
    Object.entries(scores).map(([name, value]) =>
      `${isOne ? name : `${task} ${name}`} ${value.toPrecision(4)}`
    )
  );
}

function describeStep(event: StepEvent): string {
  const { loss, validationLoss, tasks = {}, eta, learningRate, tokensPerSecond, outlook } = event;
  const { secondsLeft } = outlook;
  return [
    `step ${stepOf(event)}`,
    `loss ${loss.toFixed(4)}`,
    validationLoss === undefined ? undefined : `val ${validationLoss.toFixed(4)}`,
    ...describeTasks(tasks),
    eta === undefined ? undefined : `step size ${eta.toPrecision(3)}`,
    learningRate === undefined ? undefined : `lr ${learningRate.toExponential(2)}`,
    `${Math.round(tokensPerSecond).toLocaleString("en")} tok/s`,
    !outlook.isLast && secondsLeft !== undefined ? `${formatSeconds(secondsLeft)} left` : undefined,
  ].filter((part) => part !== undefined).join("  ");
}
