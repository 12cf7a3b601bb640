import type { Queue } from "./queue.ts";
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
  readonly #queue: Queue;
  readonly #staged: Map<Tensor, Staged>;

  /**
   * Submits the copies; returns at once.
   *
   * @throws {UserError} If memory ran out or the device was lost.
   */
  constructor(queue: Queue, tensors: Iterable<Tensor>) {
    this.#queue = queue;
    const encoder = queue.device.createCommandEncoder();
    const buffers = [...new Set(tensors)].map((tensor) => {
      const size = tensor.size * 4;
      const usage = GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ;
      const buffer = queue.device.createBuffer({ label: "snapshot", size, usage });
      encoder.copyBufferToBuffer(tensor.buffer, tensor.byteOffset, buffer, 0, size);
      return [tensor, buffer] as const;
    });
    queue.submit(encoder.finish());
    this.#staged = new Map(buffers.map(([tensor, buffer]) => {
      const mapped = buffer.mapAsync(GPUMapMode.READ);
      mapped.catch(() => {}); // told of where it is read
      return [tensor, { buffer, mapped }];
    }));
    queue.check();
  }

  /**
   * The values of a tensor, once: its copy is freed.
   *
   * @throws {UserError} If memory ran out or the device was lost.
   */
  async read(tensor: Tensor): Promise<Float32Array> {
    const staged = this.#staged.get(tensor);
    if (!staged) throw new Error(`there is no copy of ${tensor.label}`);
    const values = new Float32Array(await this.#queue.mapped(staged.buffer, staged.mapped));
    this.#staged.delete(tensor);
    staged.buffer.destroy();
    return values;
  }

  /** Frees the copies that were not read. */
  [Symbol.dispose](): void {
    for (const { buffer } of this.#staged.values()) buffer.destroy();
  }
}
