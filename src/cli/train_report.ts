import type { Gpt2 } from "../model/gpt2.ts";
import type { RunResult } from "../run/options.ts";
import type { SavedRun } from "../run/saved_run.ts";
import type { StepEvent } from "../train/options.ts";
import type { RunLength } from "../train/run_clock.ts";
import { commandOf, shellWord } from "./command.ts";
import { count } from "./count.ts";
import type { Display } from "./display.ts";
import { formatSeconds } from "./progress_bar.ts";

/** Tells of a run that begins. */
export function tellStart(
  display: Display,
  { gpu, config, parameterCount }: Gpt2,
  { optimizer, length: { steps, seconds }, tokensPerStep, out, processes }: {
    optimizer: string;
    length: RunLength;
    tokensPerStep: number;
    out: string;
    processes?: { size: number; hosts: readonly string[]; version: string };
  },
): void {
  const { layers, heads, width, context, vocabularySize } = config;
  display.tell(
    "start",
    {
      adapter: gpu.adapterName,
      parameters: parameterCount,
      config,
      optimizer,
      steps,
      seconds,
      tokens_per_step: tokensPerStep,
      out,
      ...processes ? { processes: processes.size, mpi: processes.version } : {},
    },
    `GPT-2 with ${number(parameterCount)} parameters: layers ${layers}, heads ${heads}, ` +
      `width ${width}, context ${context}, vocabulary ${number(vocabularySize)}\n` +
      `${lengthText({ steps, seconds }, tokensPerStep)} with ${optimizer} on ` +
      `${gpu.adapterName}${processesText(processes)}, to ${out}`,
  );
}

/** E.g. ` in each of 8 processes on 2 hosts`. */
function processesText(processes?: { size: number; hosts: readonly string[] }): string {
  if (!processes) return "";
  const { size, hosts } = processes;
  return ` in each of ${size} process${size === 1 ? "" : "es"} on ` +
    count(new Set(hosts).size, "host");
}

/** How long a run is, e.g. `250 steps of 1,024 tokens`. */
function lengthText({ steps, seconds }: RunLength, tokensPerStep: number): string {
  const tokens = count(tokensPerStep, "token");
  if (seconds === undefined) return `${count(steps!, "step")} of ${tokens}`;
  const time = timeText(seconds);
  if (steps === undefined) return `Steps of ${tokens} for ${time}`;
  return `${count(steps, "step")} of ${tokens} or ${time}, whichever is first,`;
}

/** A time in words if it is in whole minutes, e.g. `3 minutes`. */
function timeText(seconds: number): string {
  const isWhole = seconds % 60 === 0 && seconds < 3600;
  return isWhole ? count(seconds / 60, "minute") : formatSeconds(seconds);
}

/** Tells of the pace of a run that time may end, once it is known. */
export class PaceTeller {
  #steps = 0;

  constructor(readonly display: Display, readonly length: RunLength) {}

  /** To be called after each step; tells after the fourth, since the first two are not counted. */
  step({ outlook: { steps, isEstimate, secondsPerStep: perStep } }: StepEvent): void {
    if (++this.#steps !== 4 || !isEstimate || steps === undefined || !perStep) return;
    const { seconds } = this.length;
    const isCut = seconds !== undefined && steps !== this.length.steps;
    this.display.tell(
      "pace",
      { seconds_per_step: perStep, steps },
      `${perStep.toPrecision(2)} s a step: about ${count(steps, "step")}` +
        (isCut ? ` in ${timeText(seconds)}.` : "."),
    );
  }
}

/** Tells of a run that goes on, and with which other options than before. */
export function tellResume(
  display: Display,
  { checkpoint, state: { step } }: SavedRun,
  changes: readonly string[],
): void {
  const lines = [
    `Goes on after step ${number(step)}, from ${checkpoint}.`,
    ...changes.map((change) => `Changed: ${change}.`),
  ];
  display.tell("resume", { step, checkpoint, changes }, lines.join("\n"));
}

/** Tells how a run ended: after `step` steps in all, to be found in `out`. */
export function tellEnd(
  display: Display,
  { last, best, skipped, skippedSteps }: RunResult,
  { step, out, interrupted, isTimed = false }: {
    step: number;
    out: string;
    interrupted: boolean;
    isTimed?: boolean;
  },
): void {
  const isDone = last === undefined && step > 0 && !interrupted;
  const next = interrupted
    ? `go on with\n  ${commandOf("train")} --resume ${shellWord(out)}`
    : `sample from it with\n  ${commandOf("sample")} --checkpoint ${shellWord(out)} --prompt "..."`;
  const text = [
    isDone
      ? `Nothing was left to do: it is at step ${number(step)} already. ` +
        `--${isTimed ? "minutes" : "steps"} asks for more.`
      : `${interrupted ? "Stopped after" : "Trained"} ${count(step, "step")}.`,
    skippedSteps > 0 ? ` ${number(skippedSteps)} of them were skipped.` : "",
    skipped > 0 ? ` Skipped ${count(skipped, "bad line")}.` : "",
    best
      ? ` The best validation loss was ${best.val_loss.toFixed(4)}, at step ${number(best.step)}.`
      : "",
    step === 0 ? " Nothing was saved." : "",
    step > 0 && !isDone ? ` Saved the model, metrics.jsonl and loss.svg in ${out}; ${next}` : "",
  ];
  const counts = { skipped, skipped_steps: skippedSteps };
  display.tell("end", { step, best, out, interrupted, ...counts }, text.join(""));
}

function number(value: number): string {
  return value.toLocaleString("en");
}
