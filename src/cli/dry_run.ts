import { format as formatBytes } from "@std/fmt/bytes";
import { UserError } from "../errors.ts";
import type { Vocabulary } from "../tokens/vocabulary.ts";
import type { Gpu } from "../gpu/gpu.ts";
import type { Gpt2Config } from "../model/config.ts";
import { parameterCount } from "../model/parameters.ts";
import { checkMemory } from "../train/check_memory.ts";
import { estimateTraining, type MeasureOptions, measureTraining } from "../train/memory.ts";
import type { RunLength } from "../train/run_clock.ts";
import { estimateStepSeconds } from "../train/step_time.ts";
import { tune } from "../train/tune.ts";
import { count } from "./count.ts";
import type { Display } from "./display.ts";
import { roughTime } from "./rough_time.ts";
import type { TrainSettings } from "./train_settings.ts";

/**
 * Tells of the parameters, memory and time of a run.
 *
 * @throws {UserError} If the adapter cannot hold it, after saying the rest.
 */
export async function dryRun(
  gpu: Gpu,
  config: Gpt2Config,
  vocabulary: Vocabulary,
  { settings, memory: trainer }: { settings: TrainSettings; memory: MeasureOptions },
  display: Display,
): Promise<void> {
  const parameters = parameterCount(config);
  const adapter = gpu.adapterName;
  let reason: UserError | undefined;
  try {
    await checkMemory(gpu, config, vocabulary, trainer);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    reason = error;
  }
  const memory = estimateTraining(gpu, config, vocabulary, trainer);
  if (!reason && settings.autotunes) {
    // Only looks up what was measured before.
    await tune(gpu, () => measureTraining(gpu, config, vocabulary, trainer), { milliseconds: 0 });
  }
  const time = reason ? undefined : runTime(
    await estimateStepSeconds(gpu, { config, options: trainer }),
    lengthOf(gpu, config, settings),
    settings,
  );
  const recompute = trainer.recompute ? " --recompute" : "";
  const binary = (bytes: number) => formatBytes(bytes, { binary: true });
  const text = [
    `parameters  ${parameters.toLocaleString("en")}`,
    ...memory
      ? [
        `memory      ${binary(memory.bytes)} with --batch ${trainer.batch}${recompute}`,
        `host        ${binary(memory.hostBytes)} more while a checkpoint is written`,
      ]
      : [],
    `adapter     ${adapter}: ${reason ? "cannot hold it" : "holds it"}`,
    ...time
      ? [
        `time        about ${roughTime(time.seconds_per_step)} a step, ` +
        `${count(time.steps, "step")} in ${
          roughTime(time.seconds)
        }: an estimate, by parts of a step`,
      ]
      : [],
  ].join("\n");
  const sizes = memory && { memory: memory.bytes, host_memory: memory.hostBytes };
  const data = { adapter, parameters, ...sizes, fits: !reason, reason: reason?.message, ...time };
  display.tell("dry-run", data, text);
  if (reason) throw reason;
}

function lengthOf(gpu: Gpu, config: Gpt2Config, { chooseLength, trainer }: TrainSettings) {
  const tokensPerStep = (trainer.accumulate ?? 1) * trainer.batch * config.context;
  const { isSoftware } = gpu;
  return chooseLength({ parameterCount: parameterCount(config), tokensPerStep, isSoftware });
}

/**
 * The time of a run from that of a step, in seconds, evaluations included, whose batches take a third
 * of a step each; and its steps, as many as its time allows if that ends it.
 */
export function runTime(
  secondsPerStep: number,
  { steps = Infinity, seconds: most = Infinity }: RunLength,
  { evalEvery, evalBatches }: Pick<TrainSettings, "evalEvery" | "evalBatches">,
): { seconds_per_step: number; steps: number; seconds: number } {
  const evaluation = secondsPerStep * evalBatches / 3;
  const seconds = steps * secondsPerStep + Math.ceil(steps / evalEvery) * evaluation;
  if (seconds <= most) return { seconds_per_step: secondsPerStep, steps, seconds };
  const allowed = Math.floor((most - evaluation) / (secondsPerStep + evaluation / evalEvery));
  return { seconds_per_step: secondsPerStep, steps: Math.max(1, allowed), seconds: most };
}
