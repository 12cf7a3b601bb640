import { format as formatBytes } from "@std/fmt/bytes";
import { UserError } from "../errors.ts";
import type { Gpu } from "../gpu/gpu.ts";
import type { Gpt2Config } from "../model/config.ts";
import type { Vocabulary } from "../tokens/vocabulary.ts";
import { type MeasureOptions, measureTraining, type TrainingMemory } from "./memory.ts";
import { batchRefusal, canAllocate, modelRefusal, stepRefusal } from "./refusals.ts";

/**
 * Makes sure that the adapter can hold a run. What is allocated already is taken to be a part of it.
 *
 * @throws {UserError} If not: a buffer or binding exceeds what it allows, or the memory is not
 * there now. The largest batch that fits is named.
 */
export async function checkMemory(
  gpu: Gpu,
  config: Gpt2Config,
  vocabulary: Vocabulary,
  options: MeasureOptions,
): Promise<void> {
  const refusal = await refusalOf(gpu, config, vocabulary, options);
  if (refusal !== undefined) throw new UserError(refusal, "OUT_OF_MEMORY");
}

/** Why the run cannot be held, and what could be; undefined if it can. */
async function refusalOf(
  gpu: Gpu,
  config: Gpt2Config,
  vocabulary: Vocabulary,
  options: MeasureOptions,
): Promise<string | undefined> {
  const tooLarge = await modelRefusal(gpu, config);
  if (tooLarge !== undefined) return `${tooLarge}: use a smaller model`;
  const tooLong = stepRefusal(config, options);
  if (tooLong !== undefined) return `${tooLong}: use a smaller batch`;
  const refusal = batchRefusal(gpu, config, options);
  const memory = refusal === undefined
    ? measureTraining(gpu, config, vocabulary, options)
    : { bytes: Infinity, hostBytes: 0, refusal };
  const { available } = Deno.systemMemoryInfo();
  if (memory.hostBytes > available) {
    return `a checkpoint takes ${binary(memory.hostBytes)} of the host's memory while it is ` +
      `written, of which ${binary(available)} are free: use a smaller model`;
  }
  // The software driver's memory is the host's.
  const hostBytes = gpu.isSoftware ? memory.hostBytes : 0;
  const fits = async ({ bytes, refusal }: TrainingMemory) =>
    refusal === undefined && await canAllocate(gpu, bytes - gpu.allocatedBytes + hostBytes);
  if (await fits(memory)) return undefined;
  const reasonOf = ({ bytes, refusal }: TrainingMemory) =>
    refusal ?? `training takes ${binary(bytes + hostBytes)} of memory, which the adapter ` +
        `"${gpu.adapterName}" does not have free`;
  const measure = ({ context, ...changed }: Changed) =>
    measureTraining(gpu, { ...config, context }, vocabulary, { ...options, ...changed });
  return await adviceFor(config, options, {
    reason: reasonOf(memory),
    fits: (changed) => fits(measure(changed)),
    reasonOf: (changed) => reasonOf(measure(changed)),
  });
}

/** What a run's memory depends on and can be changed. */
interface Changed {
  batch: number;
  recompute: boolean;
  context: number;
}

/** What is known of a run that does not fit, and of changed ones. */
interface Misfit {
  /** Why it does not fit. */
  reason: string;
  fits: (changed: Changed) => Promise<boolean>;
  /** Why a changed one does not fit. */
  reasonOf: (changed: Changed) => string;
}

/** Why a run does not fit, as far as another batch does not help, and what to change so that it does. */
async function adviceFor(
  { context }: Gpt2Config,
  { batch, accumulate = 1, recompute = false }: MeasureOptions,
  { reason, fits, reasonOf }: Misfit,
): Promise<string> {
  const largest = (recompute: boolean) =>
    largestUpTo(batch, (batch) => fits({ batch, recompute, context }));
  const recomputed = await largest(true);
  const most = recompute ? recomputed : await largest(false);
  if (most > 0) {
    const sequences = accumulate * batch;
    const divisor = largestDivisor(sequences, most);
    const more = recomputed > most ? `, or ${recomputed} with --recompute` : "";
    return `${reason}: the largest batch that fits is ${most}${more}; --batch ${divisor} ` +
      `--accumulate ${sequences / divisor} takes the same steps in less memory`;
  }
  const one = { batch: 1, recompute: recomputed === 0, context };
  if (recomputed > 0) {
    return `${reasonOf(one)} even with --batch 1: with --recompute a batch of up to ` +
      `${recomputed} fits`;
  }
  let shorter = context >> 1;
  while (shorter > 0 && !await fits({ ...one, context: shorter })) shorter >>= 1;
  return `${reasonOf(one)} even with --batch 1 --recompute: ` +
    (shorter > 0 ? `with --context ${shorter} it fits; or ` : "") + "use a smaller model";
}

/**
 * The largest number from 1 to `most` that fits, if all smaller ones do; 0 if none. It begins with
 * small ones, as to try a number takes the longer the larger it is.
 */
async function largestUpTo(
  most: number,
  fits: (count: number) => Promise<boolean>,
): Promise<number> {
  let [low, high] = [0, 1];
  while (high <= most && await fits(high)) [low, high] = [high, 2 * high];
  high = Math.min(high - 1, most);
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (await fits(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The largest divisor of a number up to `most`. */
function largestDivisor(number: number, most: number): number {
  let divisor = most;
  while (number % divisor !== 0) divisor--;
  return divisor;
}

function binary(bytes: number): string {
  return formatBytes(bytes, { binary: true });
}
