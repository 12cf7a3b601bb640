import type { Gpu } from "./gpu.ts";
import type { Kernel } from "./kernel.ts";
import type { Clear, Copy, Dispatch, Finished, Operation, Workgroups } from "./operation.ts";
import type { KeptTexels } from "./kept_texels.ts";
import { type Bound, Submission } from "./submission.ts";
import type { Tensor } from "./tensor.ts";
import { Texels } from "./texels.ts";

export type { Workgroups };

/** A number to be stored as f32 in a kernel's uniform; plain numbers are stored as u32. */
export interface FloatValue {
  /** The number. */
  float: number;
}

/**
 * Marks a kernel parameter as f32.
 *
 * @example
 * ```ts
 * import { f32 } from "@agd/gpt2";
 *
 * console.log([1024, f32(0.9)]); // for `struct Parameters { size: u32, momentum: f32 }`
 * ```
 */
export function f32(value: number): FloatValue {
  return { float: value };
}

/**
 * A fixed sequence of GPU work: built once, when all shapes are known, and replayed every step.
 * Pipelines, bind groups and uniforms are made at the first run and kept.
 *
 * @example Double every element of a tensor
 * ```ts
 * import { Gpu, Plan, spread } from "@agd/gpt2";
 *
 * using gpu = await Gpu.open();
 * const source = `
 *   struct Parameters { size: u32 }
 *   @group(0) @binding(0) var<uniform> parameters: Parameters;
 *   @group(0) @binding(1) var<storage, read_write> values: array<f32>;
 *   @compute @workgroup_size(64)
 *   fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
 *     let i = id.x + id.y * groups.x * 64u;
 *     if (i < parameters.size) { values[i] *= 2.0; }
 *   }`;
 * const values = gpu.tensorFrom("values", [1000], new Float32Array(1000).fill(1));
 * using plan = new Plan(gpu);
 * plan.dispatch(gpu.kernel("double", source), spread(Math.ceil(1000 / 64)), [1000], [values]);
 * plan.run();
 * plan.run();
 * console.log((await gpu.read(values))[999]); // 4
 * ```
 */
export class Plan implements Disposable {
  readonly #gpu: Gpu;
  readonly #kept: KeptTexels | undefined;
  readonly #operations: Operation[] = [];
  readonly #tensors: Tensor[] = [];
  readonly #bound = new Map<Dispatch, Bound>();
  /** Those of all launches, and where each one's begin: bytes. */
  #uniforms: { buffer: GPUBuffer; offsets: Map<Dispatch, number> } | undefined;
  #isFixed = false;
  #section = "";

  /**
   * Starts with nothing to do.
   *
   * @param kept Textures of tensors that never change when it runs. @default none
   */
  constructor(gpu: Gpu, kept?: KeptTexels) {
    this.#gpu = gpu;
    this.#kept = kept;
  }

  /** Number of kernel launches. */
  get dispatches(): number {
    return this.#operations.filter((operation) => operation.kind === "dispatch").length;
  }

  /** Arithmetic operations of the kernel launches by section, as {@linkcode dispatch} was told. */
  get work(): Map<string, number> {
    const work = new Map<string, number>();
    for (const operation of this.#operations) {
      if (operation.kind !== "dispatch") continue;
      work.set(operation.section, (work.get(operation.section) ?? 0) + operation.work);
    }
    return work;
  }

  /** Names what is appended from here on, for profiling. Before the first call the name is "". */
  section(name: string): void {
    this.#section = name;
  }

  /**
   * Appends a kernel launch.
   *
   * @param parameters The members of the kernel's uniform `parameters` (binding 0), all 4 bytes.
   * @param tensors Bindings 1, 2, …
   * @param work Arithmetic operations, where they are more than the tensors' elements.
   * @throws {UserError} If a tensor exceeds what the adapter allows in one binding.
   */
  dispatch(
    kernel: Kernel,
    workgroups: Workgroups,
    parameters: readonly (number | FloatValue)[],
    tensors: readonly (Tensor | Texels)[],
    work = 0,
  ): void {
    const { maxBindingBytes } = this.#gpu;
    for (const tensor of tensors) {
      const { label, byteLength } = tensor instanceof Texels ? tensor.tensor : tensor;
      if (byteLength <= maxBindingBytes) continue;
      this.#gpu.refuse(`${label} needs a binding of`, byteLength, maxBindingBytes);
    }
    const uniform = new Uint32Array(Math.ceil(parameters.length / 4) * 4);
    const floats = new Float32Array(uniform.buffer);
    parameters.forEach((value, i) => {
      if (typeof value === "number") uniform[i] = value;
      else floats[i] = value.float;
    });
    const elements = tensors.reduce((sum, { size }) => sum + size, 0);
    work = Math.max(work, elements);
    this.#push({ kind: "dispatch", kernel, workgroups, uniform, tensors, work });
    // A plan that runs counts what it needs for that when it does.
    if (!this.#gpu.isMeasuring) return;
    this.#gpu.count(this.#uniformBytes(uniform));
    this.#reserveTexels(tensors);
  }

  /** Makes room for what a launch reads as textures. */
  #reserveTexels(tensors: readonly (Tensor | Texels)[]): void {
    const texels = tensors.filter((tensor) => tensor instanceof Texels);
    this.#gpu.texels.reserve(this, texels.filter((each) => !this.#kept?.reserve(each)));
  }

  /** Appends a copy of all of `from` into the beginning of `to`. */
  copy(from: Tensor, to: Tensor): void {
    this.#push({ kind: "copy", from, to });
  }

  /** Takes tensors over: they are freed with the plan. */
  own(...tensors: Tensor[]): void {
    this.#tensors.push(...tensors);
  }

  /** Appends filling a tensor with zeros. */
  clear(tensor: Tensor): void {
    this.#push({ kind: "clear", tensor });
  }

  /**
   * Says that nothing appended from here on changes these tensors: {@linkcode parts} gives them as
   * soon as what is before is submitted.
   */
  finish(...tensors: Tensor[]): void {
    this.#push({ kind: "finished", tensors });
  }

  #push(operation: Dispatch | Copy | Clear | Finished): void {
    if (this.#isFixed) throw new Error("a plan that has run cannot grow");
    this.#operations.push({ ...operation, section: this.#section });
  }

  /** What each of its {@linkcode parts} finishes. */
  get finished(): (readonly Tensor[])[] {
    return this.#operations.filter((operation) => operation.kind === "finished")
      .map(({ tensors }) => tensors);
  }

  /** Submits the whole plan, in parts if it is long; returns at once. */
  run(): void {
    const submission = new Submission(this.#gpu);
    for (const _ of this.#submit(submission)); // all of it at once
  }

  /**
   * Submits the plan part by part, each when it is asked for.
   *
   * @returns What each part has finished.
   */
  *parts(): Generator<readonly Tensor[]> {
    const submission = new Submission(this.#gpu);
    for (const { tensors } of this.#submit(submission)) {
      submission.submit();
      yield tensors;
    }
  }

  /** Stops at what is finished. */
  *#submit(submission: Submission): Generator<Finished> {
    const { isMeasuring, observer } = this.#gpu;
    if (isMeasuring) return;
    this.#isFixed = true;
    for (const operation of this.#operations) {
      if (operation.kind === "finished") yield operation;
      else if (observer && !observer.includes(operation.section)) continue;
      else if (operation.kind === "copy") submission.copy(operation);
      else if (operation.kind === "clear") submission.clear(operation);
      else submission.dispatch(operation, () => this.#bind(operation, () => submission.encoder()));
    }
    submission.submit();
    this.#gpu.check();
  }

  /**
   * For each of its kernels what launches it with no workgroups, which changes nothing: many drivers
   * compile a kernel at its first launch only.
   */
  emptyLaunches(): Map<Kernel, () => void> {
    const launches = new Map<Kernel, () => void>();
    for (const operation of this.#operations) {
      if (operation.kind !== "dispatch" || launches.has(operation.kernel)) continue;
      launches.set(operation.kernel, () => {
        this.#isFixed = true;
        const encoder = this.#gpu.device.createCommandEncoder();
        const { group } = this.#bind(operation, () => encoder);
        const pass = encoder.beginComputePass();
        pass.setPipeline(operation.kernel.pipeline);
        pass.setBindGroup(0, group);
        pass.dispatchWorkgroups(0);
        pass.end();
        this.#gpu.queue.submit(encoder.finish());
      });
    }
    return launches;
  }

  /** Bytes that a uniform takes in the buffer of all. */
  #uniformBytes({ byteLength }: Uint32Array): number {
    const alignment = this.#gpu.device.limits.minUniformBufferOffsetAlignment;
    return Math.ceil(byteLength / alignment) * alignment;
  }

  /** What a launch is bound to; at the first time the commands to fill kept textures are given. */
  #bind(operation: Dispatch, encoder: () => GPUCommandEncoder): Bound {
    const made = this.#bound.get(operation);
    if (made) return made;
    const { kernel, uniform, tensors } = operation;
    const { buffer, offsets } = this.#uniforms ??= this.#uploadUniforms();
    const offset = offsets.get(operation)!;
    const loads: Bound["loads"] = [];
    const resources = tensors.map((tensor) => {
      if (!(tensor instanceof Texels)) return tensor.binding;
      const kept = this.#kept?.texture(tensor, encoder());
      if (kept) return kept.createView();
      const texture = this.#gpu.texels.texture(loads.length, tensor);
      loads.push({ texels: tensor, texture });
      return texture.createView();
    });
    const group = this.#gpu.device.createBindGroup({
      label: kernel.label,
      layout: kernel.pipeline.getBindGroupLayout(0),
      entries: [
        { binding: 0, resource: { buffer, offset, size: uniform.byteLength } },
        ...resources.map((resource, r) => ({ binding: r + 1, resource })),
      ],
    });
    const bound = { group, loads };
    this.#bound.set(operation, bound);
    return bound;
  }

  /** Puts all uniforms into one buffer, and makes room for what launches read as textures. */
  #uploadUniforms() {
    const launches = this.#operations.filter((operation) => operation.kind === "dispatch");
    const offsets = new Map<Dispatch, number>();
    let size = 0;
    for (const launch of launches) {
      this.#reserveTexels(launch.tensors);
      offsets.set(launch, size);
      size += this.#uniformBytes(launch.uniform);
    }
    this.#gpu.count(size);
    const usage = GPUBufferUsage.UNIFORM;
    const described = { label: "uniforms", size, usage, mappedAtCreation: true };
    const buffer = this.#gpu.device.createBuffer(described);
    const bytes = new Uint8Array(buffer.getMappedRange());
    for (const launch of launches) {
      bytes.set(new Uint8Array(launch.uniform.buffer), offsets.get(launch));
    }
    buffer.unmap();
    return { buffer, offsets };
  }

  /** Frees uniforms and its own tensors once the work submitted is done; it cannot run again. */
  [Symbol.dispose](): void {
    this.#gpu.free(...this.#tensors);
    this.#gpu.texels.release(this);
    if (!this.#uniforms) return;
    this.#gpu.count(-this.#uniforms.buffer.size);
    this.#uniforms.buffer.destroy();
    this.#uniforms = undefined;
  }
}

/**
 * Spreads `count` workgroups over x and y, as one axis holds at most 65,535.
 *
 * @example
 * ```ts
 * import { spread } from "@agd/gpt2";
 *
 * console.log(spread(1000), spread(100_000)); // [1000], [65535, 2]
 * ```
 */
export function spread(count: number): Workgroups {
  const most = 65_535;
  return count <= most ? [count] : [most, Math.ceil(count / most)];
}
