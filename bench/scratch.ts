import type { Gpu } from "../src/gpu/gpu.ts";
import type { Tensor } from "../src/gpu/tensor.ts";
import { Random } from "../src/random.ts";

/** Random numbers that larger tensors are filled with over and over. */
const PATTERN = 2 ** 18;

/** Tensors of random numbers, freed together: a GPU may be faster on zeros. */
export class Scratch implements Disposable {
  readonly #tensors: Tensor[] = [];
  readonly #random = new Random(1);
  readonly #pattern = Float32Array.from({ length: PATTERN }, () => this.#random.normal());

  constructor(readonly gpu: Gpu) {}

  /** @param capacity Elements to allocate, where more than the shape's are wanted. */
  numbers(shape: readonly number[], capacity?: number, type: "f32" | "f16" = "f32"): Tensor {
    const tensor = this.gpu.tensor("bench", shape, type, capacity);
    this.#tensors.push(tensor);
    fill(this.gpu, tensor, this.#pattern);
    return tensor;
  }

  /** Frees a tensor with the others. */
  own(tensor: Tensor): void {
    this.#tensors.push(tensor);
  }

  /** Random integers below `limit`, and the tensor of them. */
  integers(count: number, limit: number): { tensor: Tensor; values: Uint32Array } {
    const values = Uint32Array.from({ length: count }, () => this.#random.below(limit));
    return { tensor: this.integersOf(values), values };
  }

  /** A tensor of these integers. */
  integersOf(values: Uint32Array): Tensor {
    const tensor = this.gpu.tensorFrom("bench", [values.length], values);
    this.#tensors.push(tensor);
    return tensor;
  }

  [Symbol.dispose](): void {
    this.gpu.free(...this.#tensors);
  }
}

/** Fills a tensor with small random numbers. */
export function fillRandom(gpu: Gpu, tensor: Tensor, scale: number): void {
  const random = new Random(1);
  fill(gpu, tensor, Float32Array.from({ length: PATTERN }, () => scale * random.normal()));
}

function fill(gpu: Gpu, tensor: Tensor, pattern: Float32Array): void {
  for (let at = 0; at < tensor.size; at += pattern.length) {
    gpu.write(tensor, pattern.subarray(0, tensor.size - at), at);
  }
}
