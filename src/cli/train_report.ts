import type { Gpt2 } from "../model/gpt2.ts";
import type { RunResult } from "../train/run.ts";
import type { SavedRun } from "../train/saved_run.ts";
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
      `${number(steps)} steps of ${number(tokensPerStep)} tokens with ${optimizer} on ` +
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
  { best, skipped, skippedSteps }: RunResult,
  { step, out, interrupted }: { step: number; out: string; interrupted: boolean },
): void {
  const text = [
    `${interrupted ? "Stopped after" : "Trained"} ${number(step)} steps.`,
    skippedSteps > 0 ? ` ${number(skippedSteps)} of them were skipped.` : "",
    skipped > 0 ? ` Skipped ${number(skipped)} bad lines.` : "",
    best
      ? ` The best validation loss was ${best.val_loss.toFixed(4)}, at step ${number(best.step)}.`
      : "",
    step > 0 ? ` Saved the model, metrics.jsonl and loss.svg in ${out}; sample from it with\n` : "",
    step > 0 ? `  deno task sample --checkpoint ${out} --prompt "..."` : " Nothing was saved.",
  ];
  const counts = { skipped, skipped_steps: skippedSteps };
  display.tell("end", { step, best, out, interrupted, ...counts }, text.join(""));
}

function number(value: number): string {
  return value.toLocaleString("en");
}
