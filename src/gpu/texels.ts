import type { Memory } from "./memory.ts";
import type { Tensor } from "./tensor.ts";

/** How a texture holds floats: as vec4s, or one by one. */
export type TexelFormat = "rgba32float" | "r32float";

/** Numbers in a texel. */
const NUMBERS = { rgba32float: 4, r32float: 1 };

/** Texels of a texture's row, wide enough for rows to be copied in one go. */
const TEXELS_WIDTH = 4096;
/** Texels that every adapter's largest texture of such rows has. */
export const MOST_TEXELS = TEXELS_WIDTH * 8192;

/**
 * A tensor of f32 that a kernel reads as a texture, whose texels are numbered row by row. A plan
 * copies the tensor there before the launch. Mesa's software driver reads 8 texels at once in
 * registers, but a buffer element by element, which takes it about ten times as long.
 */
export class Texels {
  /** The arguments become the properties. */
  constructor(
    /** What is read. */
    readonly tensor: Tensor,
    /** As what. */
    readonly format: TexelFormat,
    /** How many of its elements are read. @default all */
    readonly size: number = tensor.size,
    /** How many of those there is anything in, whenever a plan runs. @default all */
    readonly filled: () => number = () => size,
  ) {}

  /** Texels that are read. */
  get count(): number {
    return Math.ceil(this.size / NUMBERS[this.format]);
  }

  /** Rows of a texture that holds them. */
  get rows(): number {
    return Math.ceil(this.count / TEXELS_WIDTH);
  }
}

/** Bytes of a texture of so many rows. */
export function texelsBytes({ format, rows }: Pick<Texels, "format" | "rows">): number {
  return rows * TEXELS_WIDTH * 4 * NUMBERS[format];
}

/** Creates a texture of so many rows. */
export function createTexels(
  device: GPUDevice,
  label: string,
  { format, rows }: Pick<Texels, "format" | "rows">,
): GPUTexture {
  const usage = GPUTextureUsage.STORAGE_BINDING | GPUTextureUsage.COPY_DST;
  return device.createTexture({ label, size: [TEXELS_WIDTH, rows], format, usage });
}

/** Where a plan copies what a launch reads: the launch's first such tensor, its second, and so on. */
interface Slot {
  format: TexelFormat;
  rows: number;
  texture?: GPUTexture;
}

/** The textures that the plans of a device share, as their launches follow one another. */
export class TexelTextures {
  readonly #device: GPUDevice;
  readonly #memory: Memory;
  readonly #textures = new Set<GPUTexture>();
  /** The plans that need them. */
  readonly #plans = new Set<unknown>();
  #slots = new Map<string, Slot>();
  #bytes = 0;

  /** Those of a device, counted by its memory. */
  constructor(device: GPUDevice, memory: Memory) {
    this.#device = device;
    this.#memory = memory;
  }

  /** Makes room for what a launch of a plan will read: its first such tensor, its second, ... */
  reserve(plan: unknown, tensors: readonly Texels[]): void {
    tensors.forEach(({ format, rows }, index) => {
      if (!this.#memory.isMeasuring) this.#plans.add(plan);
      const key = `${index} ${format}`;
      const before = this.#slots.get(key)?.rows ?? 0;
      if (rows <= before) return;
      // A texture that is too small stays with the plans that have run with it.
      this.#slots.set(key, { format, rows });
      this.#count(texelsBytes({ format, rows: rows - before }));
    });
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    this.#memory.count(bytes);
  }

  /** The texture for what a launch reads as its tensor number `index`. */
  texture(index: number, { format }: Texels): GPUTexture {
    const slot = this.#slots.get(`${index} ${format}`)!;
    if (!slot.texture) {
      slot.texture = createTexels(this.#device, `texels ${index}`, slot);
      this.#textures.add(slot.texture);
    }
    return slot.texture;
  }

  /** Frees all once the last plan that needs them is done. */
  release(plan: unknown): void {
    if (!this.#plans.delete(plan) || this.#plans.size > 0) return;
    for (const texture of this.#textures) texture.destroy();
    this.#textures.clear();
    this.#slots.clear();
    this.#count(-this.#bytes);
  }

  /** Runs what is only measured, and forgets what it reserved. */
  measure<T>(build: () => T): T {
    const [slots, bytes] = [this.#slots, this.#bytes];
    this.#slots = new Map(slots);
    try {
      return build();
    } finally {
      [this.#slots, this.#bytes] = [slots, bytes];
    }
  }
}

/** Appends copying a tensor's elements into a texture to commands. */
export function encodeLoad(
  encoder: GPUCommandEncoder,
  { tensor: { buffer, byteOffset }, size, filled, format }: Texels,
  texture: GPUTexture,
): void {
  const count = Math.ceil(Math.min(filled(), size) / NUMBERS[format]);
  const bytesPerRow = TEXELS_WIDTH * 4 * NUMBERS[format];
  const rows = Math.floor(count / TEXELS_WIDTH);
  if (rows > 0) {
    const source = { buffer, offset: byteOffset, bytesPerRow };
    encoder.copyBufferToTexture(source, { texture }, [TEXELS_WIDTH, rows]);
  }
  const rest = count - rows * TEXELS_WIDTH;
  if (rest > 0) {
    const source = { buffer, offset: byteOffset + rows * bytesPerRow };
    encoder.copyBufferToTexture(source, { texture, origin: [0, rows] }, [rest, 1]);
  }
}
