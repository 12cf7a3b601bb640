import { format as formatBytes } from "@std/fmt/bytes";
import { UserError } from "../errors.ts";
import type { Vocabulary } from "../data/vocabulary.ts";
import type { Gpu, Measurement } from "../gpu/gpu.ts";
import type { Gpt2Config } from "../model/config.ts";
import { Gpt2 } from "../model/gpt2.ts";
import { parameterTable } from "../model/parameters.ts";
import { allocateLike } from "../model/weights.ts";
import { Trainer, type TrainerOptions } from "./trainer.ts";

/**
 * What training takes on the GPU: weights, gradients, the optimiser's state and activations. It
 * makes everything that training makes, but without memory behind it.
 */
export function measureTraining(
  gpu: Gpu,
  config: Gpt2Config,
  vocabulary: Vocabulary,
  options: TrainerOptions,
): Measurement {
  return gpu.measure(() => {
    const weights = allocateLike(gpu, parameterTable(config), "weight");
    new Trainer(new Gpt2(gpu, config, vocabulary, weights), options);
  });
}

/**
 * Whether the adapter really gives this much memory now: allocates and frees it. The software
 * driver hands out memory that the machine does not have, so there the machine's is asked for.
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

/**
 * Makes sure that the adapter can hold what was measured.
 *
 * @throws {UserError} If not: a buffer or binding exceeds what it allows, or the memory is not
 * there now.
 */
export async function checkMemory(gpu: Gpu, { bytes, refusal }: Measurement): Promise<void> {
  if (refusal) throw refusal;
  if (await canAllocate(gpu, bytes)) return;
  throw new UserError(
    `training takes ${formatBytes(bytes, { binary: true })} of memory, which the adapter ` +
      `"${gpu.adapterName}" does not have free: use a smaller model, batch or context`,
  );
}
