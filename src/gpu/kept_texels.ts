import type { Gpu } from "./gpu.ts";
import type { Tensor } from "./tensor.ts";
import { createTexels, encodeLoad, type Texels, texelsBytes } from "./texels.ts";

/** Most bytes of textures: of what is beyond, plans make a copy for each launch as of other tensors. */
const MOST_BYTES = 2 ** 32;

/** A kept texture, once a plan has run with it, and what it takes. */
interface Kept {
  bytes: number;
  texture?: GPUTexture;
}

/**
 * Textures of tensors that do not change while it lives, such as the weights of a model that
 * generates: plans that are given it copy them once instead of before each launch.
 */
export class KeptTexels implements Disposable {
  readonly #gpu: Gpu;
  readonly #tensors: readonly Tensor[];
  readonly #kept = new Map<GPUBuffer, Map<string, Kept>>();
  #bytes = 0;

  /** Keeps what of these tensors, or of rows of theirs, is read as texels. */
  constructor(gpu: Gpu, tensors: Iterable<Tensor>) {
    this.#gpu = gpu;
    this.#tensors = [...tensors];
  }

  /** Makes room for what a launch will read; returns whether it is kept here. */
  reserve(texels: Texels): boolean {
    const { tensor } = texels;
    if (this.#find(texels)) return true;
    const bytes = texelsBytes(texels);
    if (!this.#covers(tensor) || this.#bytes + bytes > MOST_BYTES) return false;
    if (!this.#kept.has(tensor.buffer)) this.#kept.set(tensor.buffer, new Map());
    this.#kept.get(tensor.buffer)!.set(keyOf(texels), { bytes });
    this.#bytes += bytes;
    this.#gpu.count(bytes);
    return true;
  }

  /**
   * The texture of what a launch reads, undefined if it is not kept here; at its first use the commands
   * are given that fill it.
   */
  texture(texels: Texels, encoder: GPUCommandEncoder): GPUTexture | undefined {
    const kept = this.#find(texels);
    if (!kept || kept.texture) return kept?.texture;
    kept.texture = createTexels(this.#gpu.device, `kept ${texels.tensor.label}`, texels);
    encodeLoad(encoder, texels, kept.texture);
    return kept.texture;
  }

  #find(texels: Texels): Kept | undefined {
    return this.#kept.get(texels.tensor.buffer)?.get(keyOf(texels));
  }

  /** Whether a tensor is one of those that are kept, or some rows of it. */
  #covers({ label, buffer, byteOffset, byteLength }: Tensor): boolean {
    return this.#tensors.some((tensor) =>
      tensor.label === label && tensor.buffer === buffer && tensor.byteOffset <= byteOffset &&
      byteOffset + byteLength <= tensor.byteOffset + tensor.byteLength
    );
  }

  /** Frees the textures once the work submitted is done. */
  [Symbol.dispose](): void {
    for (const { texture } of [...this.#kept.values()].flatMap((kept) => [...kept.values()])) {
      texture?.destroy();
    }
    this.#kept.clear();
    this.#gpu.count(-this.#bytes);
    this.#bytes = 0;
  }
}

/** What tells apart what is read of one buffer; while memory is only measured all share one. */
function keyOf({ tensor: { label, byteOffset }, size, format }: Texels): string {
  return [label, byteOffset, size, format].join(" ");
}
