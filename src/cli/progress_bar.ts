import { format as formatDuration } from "@std/fmt/duration";
import type { StepEvent } from "../train/train.ts";
import { ERASE, terminalColumns, writeText } from "./terminal.ts";

const LONGEST = 30;
const SHORTEST = 4;

/** A line at the bottom of a terminal that follows the training steps. */
export class ProgressBar {
  /** What is shown in so many columns. */
  #text: ((columns: number) => string) | undefined;
  #validationLoss: number | undefined;
  #first: { step: number; time: number } | undefined;

  /** Shows that so many of the kernels are compiled. */
  compiling(done: number, kernels: number): void {
    const text = `compiling kernels, ${done} of ${kernels}`;
    this.#text = (columns) => progressLine(done / kernels, [text], columns);
    this.draw();
  }

  /** Shows a step out of `steps`. */
  step(event: StepEvent, steps: number): void {
    this.#validationLoss = event.validationLoss ?? this.#validationLoss;
    // The first step compiles kernels, and would make the time left look longer than it is.
    this.#first ??= { step: event.step, time: performance.now() };
    const parts = this.#partsOf(event, steps);
    this.#text = (columns) => progressLine(event.step / steps, parts, columns);
    this.draw();
  }

  /** Draws the line anew, below what was written since. */
  draw(): void {
    if (this.#text) writeText(ERASE + this.#text(terminalColumns() - 3)); // leaves room for ^C
  }

  /** Clears the line for other output. */
  erase(): void {
    if (this.#text) writeText(ERASE);
  }

  #partsOf(event: StepEvent, steps: number): string[] {
    const { step, loss, eta, learningRate, tokensPerSecond } = event;
    const left = this.#secondsLeft(step, steps);
    return [
      `${step}/${steps}`,
      `loss ${loss.toFixed(3)}`,
      this.#validationLoss === undefined ? "" : `val ${this.#validationLoss.toFixed(3)}`,
      eta === undefined ? "" : `step size ${eta.toPrecision(2)}`,
      learningRate === undefined ? "" : `lr ${learningRate.toExponential(1)}`,
      left === undefined ? "" : `${formatSeconds(left)} left`,
      `${Math.round(tokensPerSecond).toLocaleString("en")} tok/s`,
    ];
  }

  #secondsLeft(step: number, steps: number): number | undefined {
    if (!this.#first || step === this.#first.step) return undefined;
    const perStep = (performance.now() - this.#first.time) / (step - this.#first.step);
    return perStep * (steps - step) / 1000;
  }
}

/**
 * A bar for the fraction done and as many of the parts, most important first, as leave room for
 * it within the columns.
 */
export function progressLine(done: number, parts: readonly string[], columns: number): string {
  let text = "";
  for (const part of parts.filter((part) => part !== "")) {
    if (text.length + 2 + part.length > columns - SHORTEST) break;
    text += `  ${part}`;
  }
  const length = Math.max(0, Math.min(LONGEST, columns - text.length));
  return "█".repeat(Math.round(done * length)).padEnd(length, "░") + text;
}

/** A time to read at a glance: its two largest units. */
export function formatSeconds(seconds: number): string {
  const text = formatDuration(Math.round(seconds) * 1000, { ignoreZero: true });
  return text.split(" ").slice(0, 2).join(" ") || "0s";
}
