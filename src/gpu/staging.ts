import type { Queue } from "./queue.ts";
import type { Tensor } from "./tensor.ts";

/** Staging buffers up to this size are kept: losses and logits, read every step or token. */
const MAX_POOLED_BYTES = 2 ** 20;

/** Buffers through which tensors are read back; small ones are used again. */
export class Staging implements Disposable {
  readonly #queue: Queue;
  /** Buffers that are not in use, by size. */
  readonly #idle = new Map<number, GPUBuffer[]>();

  /** Reads by way of this queue. */
  constructor(queue: Queue) {
    this.#queue = queue;
  }

  /**
   * A tensor's bytes, up to a whole word. Waits for all work submitted so far.
   *
   * @throws {UserError} If memory ran out or the device was lost.
   */
  async read(tensor: Tensor): Promise<ArrayBuffer> {
    const queue = this.#queue;
    const size = Math.ceil(tensor.size * tensor.elementBytes / 4) * 4; // as copies must be
    const buffer = this.#idle.get(size)?.pop() ?? queue.device.createBuffer({
      label: "staging",
      size,
      usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ,
    });
    try {
      const encoder = queue.device.createCommandEncoder();
      encoder.copyBufferToBuffer(tensor.buffer, tensor.byteOffset, buffer, 0, size);
      queue.submit(encoder.finish());
      queue.check();
      const bytes = await queue.mapped(buffer, buffer.mapAsync(GPUMapMode.READ));
      this.#release(buffer);
      return bytes;
    } catch (error) {
      buffer.destroy();
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
