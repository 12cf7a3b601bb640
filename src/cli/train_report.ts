import type { Gpt2 } from "../model/gpt2.ts";
import type { RunResult } from "../run/options.ts";
import type { SavedRun } from "../run/saved_run.ts";
import { commandOf } from "./command.ts";
import { count } from "./count.ts";
import type { Display } from "./display.ts";

/** Tells of a run that begins. */
export function tellStart(
  display: Display,
  { gpu, config, parameterCount }: Gpt2,
  { optimizer, steps, tokensPerStep, out }: {
    optimizer: string;
    steps: number;
    tokensPerStep: number;
    out: string;
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
      tokens_per_step: tokensPerStep,
      out,
    },
    `GPT-2 with ${number(parameterCount)} parameters: layers ${layers}, heads ${heads}, ` +
      `width ${width}, context ${context}, vocabulary ${number(vocabularySize)}\n` +
      `${count(steps, "step")} of ${count(tokensPerStep, "token")} with ${optimizer} on ` +
      `${gpu.adapterName}, to ${out}`,
  );
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
  { step, out, interrupted }: { step: number; out: string; interrupted: boolean },
): void {
  const isDone = last === undefined && step > 0 && !interrupted;
  const next = interrupted
    ? `go on with\n  ${commandOf("train")} --resume ${out}`
    : `sample from it with\n  ${commandOf("sample")} --checkpoint ${out} --prompt "..."`;
  const text = [
    isDone
      ? `Nothing was left to do: it is at step ${number(step)} already. --steps asks for more.`
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
