import type { Checkpoints } from "./checkpoints.ts";
import { copyMetrics } from "./metrics.ts";
import type { RunOptions } from "./options.ts";
import { copySamples } from "./sample_log.ts";
import type { SavedRun } from "./saved_run.ts";
import type { BestStep } from "./training_state.ts";

/**
 * Makes a run's directory what it was at a checkpoint, or brings the run's past to a new one. What
 * is lost by that is told.
 *
 * @param validation What identifies the validation batches, if there are any.
 * @returns The best step so far, if its checkpoint is there and its loss can be compared.
 */
export async function goOn(
  { directory, state: { step, best, validation: before } }: SavedRun,
  checkpoints: Checkpoints,
  { out, onNote }: RunOptions,
  validation: string | null,
): Promise<BestStep | null> {
  const later = checkpoints.steps().filter((other) => other > step);
  if (later.length > 0) {
    onNote?.(`Drops the checkpoints after step ${step}: ${later.join(", ")}.`);
    await checkpoints.prune((other) => other <= step);
  }
  await copyMetrics(`${directory}/metrics.jsonl`, `${out}/metrics.jsonl`, step);
  await copySamples(directory, out, step);
  const steps = checkpoints.steps();
  if (steps.includes(step)) await checkpoints.publish(step);
  if (best === null) return null;
  const isMeasured = validation === null || validation === before;
  if (isMeasured && steps.includes(best.step)) return best;
  const why = isMeasured ? `its checkpoint is not in ${out}` : "but on other validation data";
  onNote?.(`Looks for the best step anew: step ${best.step} was the best, ${why}.`);
  return null;
}
