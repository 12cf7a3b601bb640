/** Element type of a tensor; `f16` needs an adapter that has it, see {@linkcode Gpu.hasF16}. */
export type TensorType = "f32" | "f16" | "u32";

/** Bytes of one element. */
export function bytesPerElement(type: TensorType): number {
  return type === "f16" ? 2 : 4;
}

/**
 * A dense row-major array in GPU memory, or a run of whole rows of one.
 *
 * @example
 * ```ts
 * import { Gpu } from "@agd/gpt2";
 *
 * using gpu = await Gpu.open();
 * const tensor = gpu.tensorFrom("numbers", [2, 3], Float32Array.of(1, 2, 3, 4, 5, 6));
 * console.log(tensor.shape, await gpu.read(tensor.rows(1, 1))); // [2, 3], [4, 5, 6]
 * ```
 */
export class Tensor {
  /** Made by {@linkcode Gpu.tensor}; the arguments become the properties. */
  constructor(
    /** Name for error messages and debuggers. */
    readonly label: string,
    /** Length of each axis. */
    readonly shape: readonly number[],
    /** Element type. */
    readonly type: TensorType,
    /** The memory it lies in. */
    readonly buffer: GPUBuffer,
    /** Where it starts in the buffer. */
    readonly byteOffset: number,
    /** Bytes that a binding covers; may exceed the shape's, for padding. */
    readonly byteLength: number,
  ) {}

  /** Number of elements. */
  get size(): number {
    return this.shape.reduce((a, b) => a * b, 1);
  }

  /** Bytes of one element. */
  get elementBytes(): number {
    return bytesPerElement(this.type);
  }

  /** The tensor as a bind-group resource. */
  get binding(): GPUBufferBinding {
    return { buffer: this.buffer, offset: this.byteOffset, size: this.byteLength };
  }

  /**
   * Rows `start` to `start + count` (of the first axis) as a tensor over the same memory. Where
   * it is bound, its offset must be a multiple of 256 bytes.
   */
  rows(start: number, count: number): Tensor {
    const rowBytes = this.size / this.shape[0] * this.elementBytes;
    return new Tensor(
      this.label,
      [count, ...this.shape.slice(1)],
      this.type,
      this.buffer,
      this.byteOffset + start * rowBytes,
      count * rowBytes,
    );
  }

  /** The first elements as a tensor of another shape over the same memory. */
  as(shape: readonly number[]): Tensor {
    const bytes = shape.reduce((a, b) => a * b, this.elementBytes);
    if (bytes > this.byteLength) {
      throw new RangeError(`${this.label} has no room for (${shape.join(", ")})`);
    }
    return new Tensor(this.label, shape, this.type, this.buffer, this.byteOffset, bytes);
  }

  /**
   * The memory from element `start` on, e.g. a matrix from some column on. Where it is bound,
   * `start` must be a multiple of 64.
   */
  from(start: number): Tensor {
    const { label, type, buffer } = this;
    const offset = this.byteOffset + start * this.elementBytes;
    return new Tensor(
      label,
      [this.size - start],
      type,
      buffer,
      offset,
      this.byteLength - start * this.elementBytes,
    );
  }
}

/** A run of rows of a matrix, small enough for one binding. */
export interface RowSlice {
  start: number;
  count: number;
}

/**
 * Cuts `rows` rows of `columns` elements into runs of at most `maxBytes` each, every one of which
 * starts at a multiple of 64 rows, or 128 of 16 bits, hence of 256 bytes, as bindings must.
 */
export function rowSlices(
  rows: number,
  columns: number,
  maxBytes: number,
  type: TensorType = "f32",
): RowSlice[] {
  const rowBytes = columns * bytesPerElement(type);
  if (rows * rowBytes <= maxBytes) return [{ start: 0, count: rows }];
  const multiple = 256 / bytesPerElement(type);
  const perSlice = Math.floor(maxBytes / rowBytes / multiple) * multiple;
  if (perSlice === 0) {
    throw new RangeError(`${multiple} rows of ${columns} exceed ${maxBytes} bytes`);
  }
  const slices: RowSlice[] = [];
  for (let start = 0; start < rows; start += perSlice) {
    slices.push({ start, count: Math.min(perSlice, rows - start) });
  }
  return slices;
}
