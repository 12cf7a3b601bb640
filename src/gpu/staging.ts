import type { Gpu } from "./gpu.ts";
import type { Tensor } from "./tensor.ts";

/** Staging buffers up to this size are kept: losses and logits, read every step or token. */
const MAX_POOLED_BYTES = 2 ** 20;

/** Buffers through which tensors are read back; small ones are used again. */
export class Staging implements Disposable {
  readonly #gpu: Gpu;
  /** Buffers that are not in use, by size. */
  readonly #idle = new Map<number, GPUBuffer[]>();

  /** Reads by way of this GPU's queue. */
  constructor(gpu: Gpu) {
    this.#gpu = gpu;
  }

  /**
   * A tensor's bytes, up to a whole word. Waits for all work submitted so far.
   *
   * @throws {UserError} If memory ran out or the device was lost.
   */
  async read(tensor: Tensor): Promise<ArrayBuffer> {
    const gpu = this.#gpu;
    const size = Math.ceil(tensor.size * tensor.elementBytes / 4) * 4; // as copies must be
    const buffer = this.#idle.get(size)?.pop() ?? gpu.device.createBuffer({
      label: "staging",
      size,
      usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ,
    });
    try {
      const encoder = gpu.device.createCommandEncoder();
      encoder.copyBufferToBuffer(tensor.buffer, tensor.byteOffset, buffer, 0, size);
      gpu.submit(encoder.finish());
      gpu.check();
      await buffer.mapAsync(GPUMapMode.READ);
      gpu.check();
      const bytes = buffer.getMappedRange().slice(0);
      this.#release(buffer);
      return bytes;
    } catch (error) {
      buffer.destroy();
      // A lost device fails here before its loss is told of, which is what matters.
      await Promise.resolve();
      gpu.check();
      throw error;
    }
  }

  #release(buffer: GPUBuffer): void {
    if (buffer.size > MAX_POOLED_BYTES) return buffer.destroy();
    buffer.unmap();
    if (!this.#idle.has(buffer.size)) this.#idle.set(buffer.size, []);
    this.#idle.get(buffer.size)!.push(buffer);
  }

  /** Destroys the buffers that are kept. */
  [Symbol.dispose](): void {
    for (const buffer of [...this.#idle.values()].flat()) buffer.destroy();
    this.#idle.clear();
  }
}
