import type { Gpu } from "./gpu.ts";
import type { Tensor } from "./tensor.ts";

/**
 * Brings tensors to the host and back, again and again, through one buffer that is kept: so gradients
 * pass by the host in each step.
 */
export class Readback implements Disposable {
  /** The values of all tensors, one after the other. */
  readonly values: Float32Array<ArrayBuffer>;
  /** What it brings. */
  readonly tensors: readonly Tensor[];
  readonly #gpu: Gpu;
  readonly #buffer: GPUBuffer | undefined;
  #mapped: Promise<void> | undefined;

  /**
   * Allocates the buffer, and as much on the host.
   *
   * @param extra Further values that the host's array has room for.
   */
  constructor(gpu: Gpu, tensors: readonly Tensor[], extra = 0) {
    const size = tensors.reduce((sum, tensor) => sum + tensor.size, 0);
    this.#gpu = gpu;
    this.tensors = tensors;
    gpu.count(size * 4);
    this.values = new Float32Array(gpu.isMeasuring ? 0 : size + extra);
    if (gpu.isMeasuring) return;
    const usage = GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ;
    this.#buffer = gpu.device.createBuffer({ label: "readback", size: size * 4, usage });
  }

  /** Submits the copies of the tensors as they are now; returns at once. */
  start(): void {
    const encoder = this.#gpu.device.createCommandEncoder();
    let offset = 0;
    for (const { buffer, byteOffset, size } of this.tensors) {
      encoder.copyBufferToBuffer(buffer, byteOffset, this.#buffer!, offset, size * 4);
      offset += size * 4;
    }
    this.#gpu.queue.submit(encoder.finish());
    this.#mapped = this.#buffer!.mapAsync(GPUMapMode.READ);
    this.#mapped.catch(() => {}); // told of where it is waited for
  }

  /** When the copies are there, or have failed, which {@linkcode finish} tells of. */
  get arrived(): Promise<void> {
    return this.#mapped!.catch(() => {});
  }

  /**
   * Waits for the copies: `values` holds them then.
   *
   * @throws {UserError} If memory ran out or the device was lost.
   */
  async finish(): Promise<void> {
    const buffer = this.#buffer!;
    this.values.set(new Float32Array(await this.#gpu.queue.mapped(buffer, this.#mapped!)));
    buffer.unmap();
  }

  /** Uploads `values` to the tensors. */
  write(): void {
    writeEach(this.#gpu, this.tensors, this.values);
  }

  /** Frees the buffer. */
  [Symbol.dispose](): void {
    if (!this.#buffer) return;
    this.#gpu.count(-this.#buffer.size);
    this.#buffer.destroy();
  }
}

/** Uploads values to tensors, one after the other. */
export function writeEach(gpu: Gpu, tensors: readonly Tensor[], values: Float32Array): void {
  let offset = 0;
  for (const tensor of tensors) {
    gpu.write(tensor, values.subarray(offset, offset + tensor.size));
    offset += tensor.size;
  }
}

/** Tensors in groups of at most so many bytes, unless one is larger. */
export function inBuckets(tensors: readonly Tensor[], most: number): Tensor[][] {
  const buckets: Tensor[][] = [];
  let bytes = Infinity;
  for (const tensor of tensors) {
    if (bytes + tensor.size * 4 > most) {
      buckets.push([]);
      bytes = 0;
    }
    buckets.at(-1)!.push(tensor);
    bytes += tensor.size * 4;
  }
  return buckets;
}
