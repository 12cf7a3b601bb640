import { UsageError, UserError } from "../errors.ts";
import { requestAdapter } from "./adapter.ts";
import { type Kernel, LazyKernel } from "./kernel.ts";
import { type Measurement, Memory, type TensorSpec } from "./memory.ts";
import type { PlanObserver } from "./observer.ts";
import { Queue } from "./queue.ts";
import { Staging } from "./staging.ts";
import type { Constants, Includes } from "./template.ts";
import type { Tensor, TensorType } from "./tensor.ts";
import { MOST_TEXELS, TexelTextures } from "./texels.ts";

/** How to choose an adapter. */
export interface OpenGpuOptions {
  /** Which adapter to prefer where there are several. @default "high-performance" */
  powerPreference?: "high-performance" | "low-power";
  /**
   * Cap on the bytes that one binding may cover, to try the limits of a smaller adapter.
   * @default the adapter's own limit
   */
  maxBindingBytes?: number;
}

/**
 * A WebGPU device with everything the trainer needs of it: kernels compiled once, tensors, and
 * errors that surface instead of vanishing into an event.
 *
 * @example
 * ```ts
 * import { Gpu } from "@agd/gpt2";
 *
 * using gpu = await Gpu.open();
 * console.log(gpu.adapterName, gpu.maxBindingBytes);
 * ```
 */
export class Gpu implements Disposable {
  /** What takes the work, and keeps the device's first failure. */
  readonly queue: Queue;
  /** The adapter's name as its driver gives it, e.g. `NVIDIA H100` or `llvmpipe (LLVM 15.0.6)`. */
  readonly adapterName: string;
  /** Whether the "adapter" is the CPU: tile shapes differ there. */
  readonly isSoftware: boolean;
  /**
   * Whether kernels read tensors of f32 as {@linkcode Texels} rather than from buffers, which
   * is faster on Mesa's software driver.
   */
  readonly readsTexels: boolean;
  /** The textures for that. */
  readonly texels: TexelTextures;
  /** Most bytes that one binding may cover. */
  readonly maxBindingBytes: number;
  /** Watches the plans that run, to profile them. */
  observer?: PlanObserver;
  readonly #kernels = new Map<string, Kernel>();
  readonly #memory: Memory;
  readonly #staging: Staging;
  #closed = false;

  private constructor(device: GPUDevice, info: GPUAdapterInfo, maxBindingBytes: number) {
    this.adapterName = info.description || info.device || info.vendor || "unnamed adapter";
    this.isSoftware = info.isFallbackAdapter ||
      /llvmpipe|swiftshader|lavapipe/i.test(info.description);
    this.readsTexels = /llvmpipe|lavapipe/i.test(info.description) && canReadTexels();
    const most = [device.limits.maxStorageBufferBindingSize, maxBindingBytes];
    if (this.readsTexels) most.push(MOST_TEXELS * 4);
    // A binding's size must be a multiple of 4, and the limit need not be.
    this.maxBindingBytes = Math.floor(Math.min(...most) / 4) * 4;
    this.#memory = new Memory(device, this.adapterName, this.maxBindingBytes);
    this.texels = new TexelTextures(device, this.#memory);
    this.queue = new Queue(device, this.adapterName, () => this.allocatedBytes);
    this.#staging = new Staging(this.queue);
  }

  /** The WebGPU device itself. */
  get device(): GPUDevice {
    return this.queue.device;
  }

  /**
   * Opens the system's WebGPU adapter with all its limits.
   *
   * @throws {UserError} If there is no adapter.
   */
  static async open(options: OpenGpuOptions = {}): Promise<Gpu> {
    const { powerPreference = "high-performance", maxBindingBytes = Infinity } = options;
    const adapter = await requestAdapter({ powerPreference });
    if (!adapter) {
      throw new UserError(
        "no WebGPU adapter found: install a GPU driver with Vulkan, Metal or Direct3D 12, " +
          "or Mesa's software driver (Debian: apt-get install mesa-vulkan-drivers libvulkan1)",
        "NO_ADAPTER",
      );
    }
    const requiredLimits: Record<string, number> = {};
    for (const name of REQUIRED_LIMITS) requiredLimits[name] = adapter.limits[name];
    const requiredFeatures = OPTIONAL_FEATURES.filter((name) => adapter.features.has(name));
    const device = await adapter.requestDevice({ requiredLimits, requiredFeatures });
    return new Gpu(device, adapter.info, maxBindingBytes);
  }

  /**
   * A kernel; called again with the same arguments it gives the same one, compiled once.
   *
   * @param source WGSL with the directives of {@linkcode specialise}; its entry point is `main`.
   * @param constants Where one names a type of 16 bits, `enable f16` is put first.
   * @param includes Texts that the source includes, by name.
   */
  kernel(
    label: string,
    source: string,
    constants: Constants = {},
    includes: Includes = {},
  ): Kernel {
    const key = JSON.stringify([label, constants, includes, source]);
    let kernel = this.#kernels.get(key);
    if (!kernel) {
      kernel = new LazyKernel(this.device, label, source, constants, includes);
      this.#kernels.set(key, kernel);
    }
    return kernel;
  }

  /**
   * Allocates a zeroed tensor.
   *
   * @param capacity Elements to allocate, where more than the shape's are wanted.
   * @throws {UserError} If it exceeds what the adapter allows in one buffer.
   */
  tensor(
    label: string,
    shape: readonly number[],
    type: TensorType = "f32",
    capacity?: number,
  ): Tensor {
    return this.tensors([{ label, shape, type, capacity }])[0];
  }

  /**
   * Allocates zeroed tensors side by side, in order, in as few buffers as one binding each can
   * cover; a tensor above that has a buffer of its own. A buffer is freed with its last tensor.
   *
   * @throws {UserError} If one exceeds what the adapter allows in one buffer.
   */
  tensors(wanted: readonly TensorSpec[]): Tensor[] {
    return this.#memory.tensors(wanted);
  }

  /**
   * Most bytes of a tensor that one launch is to read where it could as well be cut into several:
   * what it reads as textures takes memory once more.
   */
  get maxReadBytes(): number {
    return this.readsTexels
      ? Math.min(MOST_TEXEL_BYTES, this.maxBindingBytes)
      : this.maxBindingBytes;
  }

  /** Bytes held by tensors and plans now. */
  get allocatedBytes(): number {
    return this.#memory.allocatedBytes;
  }

  /** Counts bytes that are allocated or, if negative, freed; {@linkcode measure} counts its own. */
  count(bytes: number): void {
    this.#memory.count(bytes);
  }

  /**
   * The bytes that `build` would allocate. Meanwhile tensors have no memory, uploads do nothing
   * and plans do not run.
   */
  measure(build: () => void): Measurement {
    return this.texels.measure(() => this.#memory.measure(build));
  }

  /**
   * Refuses something that exceeds a limit of the adapter; {@linkcode measure} goes on and returns
   * the first refusal.
   *
   * @throws {UserError} Always, but for measuring.
   */
  refuse(what: string, bytes: number, limit: number): void {
    this.#memory.refuse(what, bytes, limit);
  }

  /** Runs `build`; if it fails, what it allocated is freed. */
  allocateAll<T>(build: () => T): T {
    return this.#memory.allocateAll(build);
  }

  /** Whether the adapter has 16-bit floats (`shader-f16`). */
  get hasF16(): boolean {
    return this.device.features.has("shader-f16");
  }

  /** Whether {@linkcode measure} is running. */
  get isMeasuring(): boolean {
    return this.#memory.isMeasuring;
  }

  /** Allocates a tensor and uploads its values. */
  tensorFrom(
    label: string,
    shape: readonly number[],
    values: Float32Array | Uint32Array,
    type: TensorType = values instanceof Float32Array ? "f32" : "u32",
  ): Tensor {
    const tensor = this.tensor(label, shape, type);
    this.write(tensor, values);
    return tensor;
  }

  /**
   * Uploads values to the beginning of a tensor (or to `offset` elements from it).
   *
   * @throws {UsageError} If it holds integers and the values are floats, or the other way round, or
   * they are more than it has room for: what lies behind it may be another tensor.
   */
  write(tensor: Tensor, values: Float32Array | Uint32Array, offset = 0): void {
    const { label, type, elementBytes, byteLength } = tensor;
    if ((type === "u32") !== (values instanceof Uint32Array)) {
      throw new UsageError(
        `${label} holds ${type === "u32" ? "integers, not floats" : "floats, not integers"}`,
      );
    }
    const end = offset + values.length;
    if (!(offset >= 0) || end * elementBytes > byteLength) {
      throw new UsageError(`${label} has no room for elements ${offset} to ${end - 1}`);
    }
    // Deno panics where there is nothing to write.
    if (this.isMeasuring || values.length === 0) return;
    this.device.queue.writeBuffer(
      tensor.buffer,
      tensor.byteOffset + offset * tensor.elementBytes,
      (tensor.type === "f16" ? halves(values) : values) as Float32Array<ArrayBuffer>,
    );
  }

  /**
   * Reads a tensor of floats back. Waits for all work submitted so far.
   *
   * @throws {UsageError} If the tensor holds integers: {@linkcode readIntegers} reads those.
   */
  async read(tensor: Tensor): Promise<Float32Array<ArrayBuffer>> {
    if (tensor.type === "u32") {
      throw new UsageError(`${tensor.label} holds integers: read it with readIntegers`);
    }
    const bytes = await this.#staging.read(tensor);
    if (tensor.type !== "f16") return new Float32Array(bytes);
    return Float32Array.from(new Float16Array(bytes, 0, tensor.size));
  }

  /**
   * Reads a tensor of unsigned integers back.
   *
   * @throws {UsageError} If the tensor holds floats: {@linkcode read} reads those.
   */
  async readIntegers(tensor: Tensor): Promise<Uint32Array> {
    if (tensor.type !== "u32") {
      throw new UsageError(`${tensor.label} holds floats: read it with read`);
    }
    return new Uint32Array(await this.#staging.read(tensor));
  }

  /** Waits until all submitted work is done. */
  async finish(): Promise<void> {
    await this.queue.finish();
  }

  /**
   * Throws the first error that the device has reported, if any.
   *
   * @throws {UserError} If memory ran out or the device was lost.
   */
  check(): void {
    this.queue.check();
  }

  /** Frees tensors before the device itself is closed. */
  free(...tensors: Tensor[]): void {
    this.#memory.free(tensors);
  }

  /** Frees every tensor and the device. */
  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#memory.freeAll();
    this.#staging[Symbol.dispose]();
    this.queue[Symbol.dispose]();
  }
}

/** Rounds to 16 bits; an odd one is followed by a 0, as uploads are of whole words. */
function halves(values: ArrayLike<number>): Float16Array {
  const rounded = new Float16Array(Math.ceil(values.length / 2) * 2);
  rounded.set(Float16Array.from(values));
  return rounded;
}

/** Whether WGSL has the feature that {@linkcode Texels} need; Deno's types do not know of features. */
export function canReadTexels(): boolean {
  const gpu: GPU & { wgslLanguageFeatures?: ReadonlySet<string> } = navigator.gpu;
  return gpu.wgslLanguageFeatures?.has("readonly_and_readwrite_storage_textures") ?? false;
}

/** Bytes of a texture that a launch reads, unless a tensor that cannot be cut is larger. */
const MOST_TEXEL_BYTES = 32 * 2 ** 20;

/** What is used where the adapter has it. */
const OPTIONAL_FEATURES: readonly GPUFeatureName[] = ["timestamp-query", "shader-f16"];

const REQUIRED_LIMITS = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupSizeY",
  "maxComputeWorkgroupsPerDimension",
] as const;
