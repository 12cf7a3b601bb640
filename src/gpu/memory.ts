import { UserError } from "../errors.ts";
import { bytesPerElement, Tensor, type TensorType } from "./tensor.ts";

/** What {@linkcode Gpu.measure} found. */
export interface Measurement {
  /** All that would be allocated. */
  bytes: number;
  /** What would exceed a limit of the adapter, and which: the first such thing, if any. */
  refusal?: string;
}

/** A tensor to be allocated. */
export interface TensorSpec {
  /** Name for error messages and debuggers. */
  label: string;
  /** Length of each axis. */
  shape: readonly number[];
  /** Type of its elements. @default "f32" */
  type?: TensorType;
  /** Elements to allocate, where more than the shape's are wanted. */
  capacity?: number;
}

/** Bytes of which every tensor starts at a multiple, so that it can be bound. */
const ALIGNMENT = 256;

/** A device's buffers, and the tensors in them. */
export class Memory {
  /** Bytes held by tensors and plans now. */
  allocatedBytes = 0;
  readonly #device: GPUDevice;
  readonly #adapterName: string;
  readonly #maxBindingBytes: number;
  readonly #tensors = new Set<Tensor>();
  /** How many of the tensors lie in each buffer. */
  readonly #holders = new Map<GPUBuffer, number>();
  /** Bytes counted so far by {@linkcode measure}, while it runs. */
  #measured: number | undefined;
  /** The first thing that {@linkcode measure} came across and the adapter does not allow. */
  #refusal: string | undefined;
  #placeholderBuffer: GPUBuffer | undefined;

  /** @param maxBindingBytes Most bytes that one binding may cover. */
  constructor(device: GPUDevice, adapterName: string, maxBindingBytes: number) {
    this.#device = device;
    this.#adapterName = adapterName;
    this.#maxBindingBytes = maxBindingBytes;
  }

  /** See {@linkcode Gpu.tensors}. */
  tensors(wanted: readonly TensorSpec[]): Tensor[] {
    const { maxBufferSize } = this.#device.limits;
    const places = wanted.map((spec) => ({ ...spec, bytes: bytesOf(spec), buffer: 0, offset: 0 }));
    const sizes: number[] = [];
    for (const place of places) {
      const { label, bytes } = place;
      if (bytes > maxBufferSize) this.refuse(`${label} needs a buffer of`, bytes, maxBufferSize);
      const offset = Math.ceil((sizes.at(-1) ?? Infinity) / ALIGNMENT) * ALIGNMENT;
      const fits = offset + bytes <= Math.min(this.#maxBindingBytes, maxBufferSize);
      if (!fits) sizes.push(0);
      place.buffer = sizes.length - 1;
      place.offset = fits ? offset : 0;
      sizes[place.buffer] = place.offset + bytes;
    }
    const buffers = sizes.map((size, i) => {
      const holders = places.filter(({ buffer }) => buffer === i);
      return this.#buffer(holders[0].label, size, holders.length);
    });
    return places.map(({ label, shape, type = "f32", bytes, buffer, offset }) => {
      const tensor = new Tensor(label, shape, type, buffers[buffer], offset, bytes);
      if (!this.isMeasuring) this.#tensors.add(tensor);
      return tensor;
    });
  }

  /** Allocates a buffer for so many tensors. */
  #buffer(label: string, size: number, holders: number): GPUBuffer {
    this.count(size);
    if (this.isMeasuring) return this.#placeholder();
    const { STORAGE, UNIFORM, COPY_SRC, COPY_DST } = GPUBufferUsage;
    const usage = STORAGE | UNIFORM | COPY_SRC | COPY_DST;
    const buffer = this.#device.createBuffer({ label, size, usage });
    this.#holders.set(buffer, holders);
    return buffer;
  }

  #placeholder(): GPUBuffer {
    return this.#placeholderBuffer ??= this.#device.createBuffer({
      label: "placeholder",
      size: 4,
      usage: GPUBufferUsage.STORAGE,
    });
  }

  /** Frees tensors; a buffer goes with the last one in it. */
  free(tensors: Iterable<Tensor>): void {
    for (const tensor of tensors) {
      if (!this.#tensors.delete(tensor)) continue;
      const { buffer } = tensor;
      const holders = this.#holders.get(buffer)! - 1;
      this.#holders.set(buffer, holders);
      if (holders > 0) continue;
      this.#holders.delete(buffer);
      this.count(-buffer.size);
      buffer.destroy();
    }
  }

  /** Frees every tensor. */
  freeAll(): void {
    this.free(this.#tensors);
  }

  /** Counts bytes that are allocated or, if negative, freed; {@linkcode measure} counts its own. */
  count(bytes: number): void {
    if (this.#measured !== undefined) this.#measured += bytes;
    else this.allocatedBytes += bytes;
  }

  /** Whether {@linkcode measure} is running. */
  get isMeasuring(): boolean {
    return this.#measured !== undefined;
  }

  /** See {@linkcode Gpu.measure}. */
  measure(build: () => void): Measurement {
    this.#measured = 0;
    this.#refusal = undefined;
    try {
      build();
      return { bytes: this.#measured, refusal: this.#refusal };
    } finally {
      this.#measured = undefined;
    }
  }

  /** See {@linkcode Gpu.refuse}. */
  refuse(what: string, bytes: number, limit: number): void {
    const [wanted, allowed] = [bytes, limit].map((count) => count.toLocaleString("en"));
    const refusal =
      `${what} ${wanted} bytes, but the adapter "${this.#adapterName}" allows ${allowed}`;
    if (!this.isMeasuring) {
      throw new UserError(`${refusal}: use a smaller model, batch or context`, "OUT_OF_MEMORY");
    }
    this.#refusal ??= refusal;
  }

  /** See {@linkcode Gpu.allocateAll}. */
  allocateAll<T>(build: () => T): T {
    const before = new Set(this.#tensors);
    try {
      return build();
    } catch (error) {
      this.free(this.#tensors.difference(before));
      throw error;
    }
  }
}

/** Bytes that a tensor takes. */
function bytesOf({ shape, type = "f32", capacity = 0 }: TensorSpec): number {
  const elements = Math.max(capacity, shape.reduce((a, b) => a * b, 1), 1);
  return Math.ceil(elements * bytesPerElement(type) / 16) * 16;
}
