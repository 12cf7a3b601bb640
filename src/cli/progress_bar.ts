import { format as formatDuration } from "@std/fmt/duration";
import type { StepEvent } from "../train/options.ts";
import { ERASE, terminalColumns, writeText } from "./terminal.ts";

const LONGEST = 30;
const SHORTEST = 4;

/** A line at the bottom of a terminal that follows the training steps. */
export class ProgressBar {
  /** What is shown in so many columns. */
  #text: ((columns: number) => string) | undefined;
  #validationLoss: number | undefined;

  /** Shows that so many of the kernels are compiled. */
  compiling(done: number, kernels: number): void {
    const text = `compiling kernels, ${done} of ${kernels}`;
    this.#text = (columns) => progressLine(done / kernels, [text], columns);
    this.draw();
  }

  /** Shows a step. */
  step(event: StepEvent): void {
    this.#validationLoss = event.validationLoss ?? this.#validationLoss;
    const parts = this.#partsOf(event);
    this.#text = (columns) => progressLine(event.outlook.done, parts, columns);
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

  #partsOf(event: StepEvent): string[] {
    const { loss, eta, learningRate, tokensPerSecond, outlook: { secondsLeft } } = event;
    return [
      stepOf(event).trimStart(),
      `loss ${loss.toFixed(3)}`,
      this.#validationLoss === undefined ? "" : `val ${this.#validationLoss.toFixed(3)}`,
      eta === undefined ? "" : `step size ${eta.toPrecision(2)}`,
      learningRate === undefined ? "" : `lr ${learningRate.toExponential(1)}`,
      secondsLeft === undefined ? "" : `${formatSeconds(secondsLeft)} left`,
      `${Math.round(tokensPerSecond).toLocaleString("en")} tok/s`,
    ];
  }
}

/** A step among those of the run as far as they are known, e.g. `7/250`, or estimated, `7/~80`. */
export function stepOf({ step, outlook: { steps, isEstimate } }: StepEvent): string {
  if (steps === undefined) return String(step);
  return `${String(step).padStart(String(steps).length)}/${isEstimate ? "~" : ""}${steps}`;
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
