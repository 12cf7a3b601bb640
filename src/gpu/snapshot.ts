import type { Gpu } from "./gpu.ts";
import type { Tensor } from "./tensor.ts";

interface Staged {
  buffer: GPUBuffer;
  mapped: Promise<void>;
}

/** The host's memory that copies of these tensors take. */
export function snapshotBytes(tensors: Iterable<Tensor>): number {
  return [...new Set(tensors)].reduce((bytes, { size }) => bytes + size * 4, 0);
}

/**
 * Copies of tensors as they are after the work submitted so far, in memory of the host's. They are
 * read while later work changes the tensors.
 */
export class Snapshot implements Disposable {
  readonly #gpu: Gpu;
  readonly #staged: Map<Tensor, Staged>;

  /**
   * Submits the copies; returns at once.
   *
   * @throws {UserError} If memory ran out or the device was lost.
   */
  constructor(gpu: Gpu, tensors: Iterable<Tensor>) {
    this.#gpu = gpu;
    const encoder = gpu.device.createCommandEncoder();
    const buffers = [...new Set(tensors)].map((tensor) => {
      const size = tensor.size * 4;
      const usage = GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ;
      const buffer = gpu.device.createBuffer({ label: "snapshot", size, usage });
      encoder.copyBufferToBuffer(tensor.buffer, tensor.byteOffset, buffer, 0, size);
      return [tensor, buffer] as const;
    });
    gpu.submit(encoder.finish());
    this.#staged = new Map(buffers.map(([tensor, buffer]) => {
      const mapped = buffer.mapAsync(GPUMapMode.READ);
      mapped.catch(() => {}); // told of where it is read
      return [tensor, { buffer, mapped }];
    }));
    gpu.check();
  }

  /**
   * The values of a tensor, once: its copy is freed.
   *
   * @throws {UserError} If memory ran out or the device was lost.
   */
  async read(tensor: Tensor): Promise<Float32Array> {
    const staged = this.#staged.get(tensor);
    if (!staged) throw new Error(`there is no copy of ${tensor.label}`);
    try {
      await staged.mapped;
    } catch (error) {
      // A lost device fails here before its loss is told of, which is what matters.
      await Promise.resolve();
      this.#gpu.check();
      throw error;
    }
    this.#gpu.check();
    const values = new Float32Array(staged.buffer.getMappedRange().slice(0));
    this.#staged.delete(tensor);
    staged.buffer.destroy();
    return values;
  }

  /** Frees the copies that were not read. */
  [Symbol.dispose](): void {
    for (const { buffer } of this.#staged.values()) buffer.destroy();
  }
}
