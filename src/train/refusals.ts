import { format as formatBytes } from "@std/fmt/bytes";
import type { Gpu } from "../gpu/gpu.ts";
import type { Gpt2Config } from "../model/config.ts";
import { parameterCount, parameterTable, sizeOf } from "../model/parameters.ts";
import type { TrainerOptions } from "./trainer_options.ts";

/** Tokens of a step, at most: its batches are held in the host's memory. */
const MOST_TOKENS = 2 ** 28;

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

/** Why the adapter cannot hold the model, whatever the batch. */
export async function modelRefusal(gpu: Gpu, config: Gpt2Config): Promise<string | undefined> {
  const refusal = parameterRefusal(gpu, config);
  if (refusal !== undefined) return refusal;
  const bytes = 2 * 4 * parameterCount(config);
  if (await canAllocate(gpu, bytes - gpu.allocatedBytes)) return undefined;
  return `weights and gradients alone take ${
    formatBytes(bytes, { binary: true })
  } of memory, which the adapter ` +
    `"${gpu.adapterName}" does not have free`;
}

/** Why no buffer holds one of the parameters. */
export function parameterRefusal(gpu: Gpu, config: Gpt2Config): string | undefined {
  for (const { name, shape } of parameterTable(config)) {
    const refusal = bufferRefusal(gpu, name, 4 * sizeOf(shape));
    if (refusal !== undefined) return refusal;
  }
}

/** Why the batches of a step cannot be held, even one after the other. */
export function stepRefusal(
  { context }: Gpt2Config,
  { batch, accumulate = 1 }: Pick<TrainerOptions, "batch" | "accumulate">,
): string | undefined {
  const tokens = accumulate * batch * context;
  if (tokens <= MOST_TOKENS) return undefined;
  return `a step of ${number(tokens)} tokens is more than the ${number(MOST_TOKENS)} possible`;
}

/** Why the adapter cannot hold the batch. */
export function batchRefusal(
  gpu: Gpu,
  { context, width }: Gpt2Config,
  { batch }: Pick<TrainerOptions, "batch">,
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
