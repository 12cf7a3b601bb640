import { UserError } from "../errors.ts";

/** A device's queue: takes work, maps what comes back, and keeps the device's first failure. */
export class Queue implements Disposable {
  /** The WebGPU device itself. */
  readonly device: GPUDevice;
  /** Milliseconds that {@linkcode submit} has taken so far. */
  submitMs = 0;
  #failure: Error | undefined;
  #closed = false;

  /**
   * Listens to the device's errors.
   *
   * @param allocatedBytes What is allocated, for the message when memory runs out.
   */
  constructor(device: GPUDevice, adapterName: string, allocatedBytes: () => number) {
    this.device = device;
    device.addEventListener("uncapturederror", (event) => {
      event.preventDefault();
      const { error } = event as GPUUncapturedErrorEvent;
      this.#failure ??= error instanceof GPUOutOfMemoryError
        ? outOfMemory(adapterName, allocatedBytes())
        : new Error(`WebGPU: ${error.message}`);
    });
    device.lost.then(({ message }) => {
      if (this.#closed) return;
      this.#failure ??= new UserError(
        `the GPU "${adapterName}" was lost: ${message}`,
        "DEVICE_LOST",
      );
    });
  }

  /** Submits commands. A GPU takes them up and returns; the software driver does them first. */
  submit(commands: GPUCommandBuffer): void {
    const start = performance.now();
    this.device.queue.submit([commands]);
    this.submitMs += performance.now() - start;
  }

  /** Waits until all submitted work is done. */
  async finish(): Promise<void> {
    await this.device.queue.onSubmittedWorkDone();
    this.check();
  }

  /**
   * The bytes of a buffer that is being mapped.
   *
   * @throws {UserError} If memory ran out or the device was lost.
   */
  async mapped(buffer: GPUBuffer, mapping: Promise<void>): Promise<ArrayBuffer> {
    try {
      await mapping;
    } catch (error) {
      // A lost device fails here before its loss is told of, which is what matters.
      await Promise.resolve();
      this.check();
      throw error;
    }
    this.check();
    return buffer.getMappedRange().slice(0);
  }

  /**
   * Throws the first error that the device has reported, if any.
   *
   * @throws {UserError} If memory ran out or the device was lost.
   */
  check(): void {
    if (this.#failure) throw this.#failure;
  }

  /** Destroys the device. */
  [Symbol.dispose](): void {
    this.#closed = true;
    this.device.destroy();
  }
}

function outOfMemory(adapterName: string, allocated: number): UserError {
  return new UserError(
    `the GPU "${adapterName}" ran out of memory with ${Math.round(allocated / 2 ** 20)} MiB ` +
      `allocated: use a smaller batch, context or model`,
    "OUT_OF_MEMORY",
  );
}
