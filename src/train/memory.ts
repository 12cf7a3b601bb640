import { format as formatBytes } from "@std/fmt/bytes";
import { UserError } from "../errors.ts";
import type { Vocabulary } from "../tokens/vocabulary.ts";
import type { Gpu } from "../gpu/gpu.ts";
import type { Measurement } from "../gpu/memory.ts";
import { snapshotBytes } from "../gpu/snapshot.ts";
import type { Gpt2Config } from "../model/config.ts";
import { Gpt2 } from "../model/gpt2.ts";
import { parameterCount, parameterTable, sizeOf } from "../model/parameters.ts";
import { allocateLike } from "../model/weights.ts";
import { Decoder } from "../sample/decoder.ts";
import { Trainer, type TrainerOptions } from "./trainer.ts";
import { stateTensors } from "./state_tensors.ts";

/** A run, as far as its memory goes. */
export interface MeasureOptions extends TrainerOptions {
  /** Tokens of a sample; 0 for none. @default 0 */
  sampleTokens?: number;
  /** Whether it saves checkpoints. @default false */
  saves?: boolean;
}

/** What a run takes. */
export interface TrainingMemory extends Measurement {
  /** Bytes of the host's: the copies of tensors that a checkpoint is written from. */
  hostBytes: number;
}

/**
 * What a run takes: on the GPU weights, gradients, the optimiser's state, activations and what
 * sampling needs. It makes everything that the run makes, but without memory behind it.
 */
export function measureTraining(
  gpu: Gpu,
  config: Gpt2Config,
  vocabulary: Vocabulary,
  options: MeasureOptions,
): TrainingMemory {
  const { sampleTokens = 0, saves = false } = options;
  let hostBytes = 0;
  const measurement = gpu.measure(() => {
    const weights = allocateLike(gpu, parameterTable(config), "weight");
    const model = new Gpt2(gpu, config, vocabulary, weights);
    const { optimizer } = new Trainer(model, options);
    if (sampleTokens > 0) new Decoder(model, { capacity: 1 + sampleTokens });
    if (!saves) return;
    const saved = [...optimizer.evaluationWeights, ...stateTensors(model, optimizer)];
    hostBytes = snapshotBytes(saved.map(([_, tensor]) => tensor));
  });
  return { ...measurement, hostBytes };
}

/**
 * Whether this much memory is there now: allocates and frees it. The software driver hands out
 * memory that the machine does not have, so there the machine's is asked for.
 */
export async function canAllocate(gpu: Gpu, bytes: number): Promise<boolean> {
  if (gpu.isSoftware) return bytes <= Deno.systemMemoryInfo().available;
  const { device } = gpu;
  const piece = Math.min(device.limits.maxBufferSize, 2 ** 28);
  const buffers: GPUBuffer[] = [];
  let failed = false;
  for (let left = bytes; left > 0 && !failed; left -= piece) {
    device.pushErrorScope("out-of-memory");
    const size = Math.ceil(Math.min(left, piece) / 4) * 4;
    buffers.push(device.createBuffer({ size, usage: GPUBufferUsage.STORAGE }));
    failed = await device.popErrorScope() !== null;
  }
  for (const buffer of buffers) buffer.destroy();
  return !failed;
}

/** Tokens of a step, at most: its batches are held in the host's memory. */
const MOST_TOKENS = 2 ** 28;

/**
 * What a run takes, as {@linkcode measureTraining} tells it, or of a batch that no buffer holds as it
 * follows from batches of 1 and 2: to make a run's plan takes the longer the larger it is. Undefined
 * if the model is too large to make one.
 */
export function estimateTraining(
  gpu: Gpu,
  config: Gpt2Config,
  vocabulary: Vocabulary,
  options: MeasureOptions,
): TrainingMemory | undefined {
  if (parameterRefusal(gpu, config) !== undefined) return undefined;
  const measure = (batch: number) =>
    measureTraining(gpu, config, vocabulary, { ...options, batch });
  if (batchRefusal(gpu, config, options) === undefined) return measure(options.batch);
  const [one, two] = [measure(1), measure(2)];
  return { ...one, bytes: one.bytes + (options.batch - 1) * (two.bytes - one.bytes) };
}

/** Why the adapter cannot hold the model, whatever the batch. */
async function modelRefusal(gpu: Gpu, config: Gpt2Config): Promise<string | undefined> {
  const refusal = parameterRefusal(gpu, config);
  if (refusal !== undefined) return refusal;
  const bytes = 2 * 4 * parameterCount(config);
  if (await canAllocate(gpu, bytes - gpu.allocatedBytes)) return undefined;
  return `weights and gradients alone take ${binary(bytes)} of memory, which the adapter ` +
    `"${gpu.adapterName}" does not have free`;
}

/** Why no buffer holds one of the parameters. */
function parameterRefusal(gpu: Gpu, config: Gpt2Config): string | undefined {
  for (const { name, shape } of parameterTable(config)) {
    const refusal = bufferRefusal(gpu, name, 4 * sizeOf(shape));
    if (refusal !== undefined) return refusal;
  }
}

/** Why the batches of a step cannot be held, even one after the other. */
function stepRefusal(
  { context }: Gpt2Config,
  { batch, accumulate = 1 }: MeasureOptions,
): string | undefined {
  const tokens = accumulate * batch * context;
  if (tokens <= MOST_TOKENS) return undefined;
  return `a step of ${number(tokens)} tokens is more than the ${number(MOST_TOKENS)} possible`;
}

/** Why the adapter cannot hold the batch. */
function batchRefusal(
  gpu: Gpu,
  { context, width }: Gpt2Config,
  { batch }: MeasureOptions,
): string | undefined {
  return bufferRefusal(gpu, "the residual stream", 4 * batch * context * width);
}

function bufferRefusal({ device, adapterName }: Gpu, what: string, bytes: number) {
  const { maxBufferSize } = device.limits;
  if (bytes <= maxBufferSize) return undefined;
  return `${what} needs a buffer of ${number(bytes)} bytes, but the adapter "${adapterName}" ` +
    `allows ${number(maxBufferSize)}`;
}

function number(value: number): string {
  return value.toLocaleString("en");
}

function binary(bytes: number): string {
  return formatBytes(bytes, { binary: true });
}

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
  const tooLarge = await modelRefusal(gpu, config);
  if (tooLarge !== undefined) {
    throw new UserError(`${tooLarge}: use a smaller model`, "OUT_OF_MEMORY");
  }
  const tooLong = stepRefusal(config, options);
  if (tooLong !== undefined) {
    throw new UserError(`${tooLong}: use a smaller batch`, "OUT_OF_MEMORY");
  }
  const refusal = batchRefusal(gpu, config, options);
  const memory = refusal === undefined
    ? measureTraining(gpu, config, vocabulary, options)
    : { bytes: Infinity, hostBytes: 0, refusal };
  // The software driver's memory is the host's.
  const hostBytes = gpu.isSoftware ? memory.hostBytes : 0;
  const fits = async ({ bytes, refusal }: TrainingMemory) =>
    refusal === undefined && await canAllocate(gpu, bytes - gpu.allocatedBytes + hostBytes);
  const { available } = Deno.systemMemoryInfo();
  if (memory.hostBytes > available) {
    throw new UserError(
      `a checkpoint takes ${binary(memory.hostBytes)} of the host's memory while it is written, ` +
        `of which ${binary(available)} are free: use a smaller model`,
      "OUT_OF_MEMORY",
    );
  }
  if (await fits(memory)) return;

  const reason = memory.refusal ??
    `training takes ${binary(memory.bytes + hostBytes)} of memory, which the adapter ` +
      `"${gpu.adapterName}" does not have free`;
  const { batch, accumulate = 1, recompute = false } = options;
  const wouldFit = (batch: number, recompute: boolean, context = config.context) =>
    fits(
      measureTraining(gpu, { ...config, context }, vocabulary, { ...options, batch, recompute }),
    );
  const largest = (recompute: boolean) => largestUpTo(batch, (batch) => wouldFit(batch, recompute));
  const recomputed = await largest(true);
  const most = recompute ? recomputed : await largest(false);
  if (most > 0) {
    const sequences = accumulate * batch;
    const divisor = largestDivisor(sequences, most);
    const more = recomputed > most ? `, or ${recomputed} with --recompute` : "";
    throw new UserError(
      `${reason}: the largest batch that fits is ${most}${more}; --batch ${divisor} ` +
        `--accumulate ${sequences / divisor} takes the same steps in less memory`,
      "OUT_OF_MEMORY",
    );
  }
  if (recomputed > 0) {
    throw new UserError(
      `${reason}: not even a batch of 1 fits, but with --recompute up to ${recomputed} do`,
      "OUT_OF_MEMORY",
    );
  }
  let context = config.context >> 1;
  while (context > 0 && !await wouldFit(1, true, context)) context >>= 1;
  const shorter = context > 0 ? `, but with a context of ${context} one does` : "";
  throw new UserError(
    `${reason}: not even a batch of 1 fits, with --recompute either${shorter}; use a smaller model` +
      (context > 0 ? " or context" : ""),
    "OUT_OF_MEMORY",
  );
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
