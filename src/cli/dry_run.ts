import { format as formatBytes } from "@std/fmt/bytes";
import { UserError } from "../errors.ts";
import type { Vocabulary } from "../tokens/vocabulary.ts";
import type { Gpu } from "../gpu/gpu.ts";
import type { Gpt2Config } from "../model/config.ts";
import { parameterCount } from "../model/parameters.ts";
import { checkMemory } from "../train/check_memory.ts";
import { estimateTraining, type MeasureOptions } from "../train/memory.ts";
import type { Display } from "./display.ts";

/**
 * Tells of the parameters and memory of a run.
 *
 * @throws {UserError} If the adapter cannot hold it, after saying the rest.
 */
export async function dryRun(
  gpu: Gpu,
  config: Gpt2Config,
  vocabulary: Vocabulary,
  trainer: MeasureOptions,
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
  ].join("\n");
  const sizes = memory && { memory: memory.bytes, host_memory: memory.hostBytes };
  const data = { adapter, parameters, ...sizes, fits: !reason, reason: reason?.message };
  display.tell("dry-run", data, text);
  if (reason) throw reason;
}
