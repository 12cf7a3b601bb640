/** Element type of a tensor. */
export type TensorType = "f32" | "u32";

/**
 * A dense row-major array in GPU memory, or a run of whole rows of one.
 *
 * @example
 * ```ts no-run
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

  /** The tensor as a bind-group resource. */
  get binding(): GPUBufferBinding {
    return { buffer: this.buffer, offset: this.byteOffset, size: this.byteLength };
  }

  /**
   * Rows `start` to `start + count` (of the first axis) as a tensor over the same memory. Where
   * it is bound, its offset must be a multiple of 256 bytes.
   */
  rows(start: number, count: number): Tensor {
    const rowBytes = this.size / this.shape[0] * 4;
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
    const bytes = shape.reduce((a, b) => a * b, 4);
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
    const offset = this.byteOffset + start * 4;
    return new Tensor(
      label,
      [this.size - start],
      type,
      buffer,
      offset,
      this.byteLength - start * 4,
    );
  }
}

/** A run of rows of a matrix, small enough for one binding. */
export interface RowSlice {
  start: number;
  count: number;
}

/**
 * Cuts `rows` rows of `columns` numbers into runs of at most `maxBytes` each, every one of which
 * starts at a multiple of 64 rows, hence of 256 bytes, as bindings must.
 */
export function rowSlices(rows: number, columns: number, maxBytes: number): RowSlice[] {
  const perSlice = Math.floor(maxBytes / (columns * 4) / 64) * 64;
  if (rows * columns * 4 <= maxBytes) return [{ start: 0, count: rows }];
  if (perSlice === 0) throw new RangeError(`64 rows of ${columns} exceed ${maxBytes} bytes`);
  const slices: RowSlice[] = [];
  for (let start = 0; start < rows; start += perSlice) {
    slices.push({ start, count: Math.min(perSlice, rows - start) });
  }
  return slices;
}
