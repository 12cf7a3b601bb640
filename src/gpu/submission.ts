import type { Gpu } from "./gpu.ts";
import {
  type Clear,
  type Copy,
  type Dispatch,
  encodeClear,
  encodeCopy,
  type Operation,
} from "./operation.ts";
import { encodeLoad, type Texels } from "./texels.ts";

/** What a launch is bound to, and the textures that its tensors are copied to before. */
export interface Bound {
  group: GPUBindGroup;
  loads: { texels: Texels; texture: GPUTexture }[];
}

/**
 * Work that is submitted at once, at most, unless it is that of one kernel. Some systems take a GPU
 * for hung that is at work on one submission for 2 s: this is for one that does 10 GFLOP/s.
 */
const MOST_WORK = 2e10;

/** A plan's commands while they are put together; what would be long is submitted in parts. */
export class Submission {
  readonly #gpu: Gpu;
  #encoder: GPUCommandEncoder | undefined;
  #pass: GPUComputePassEncoder | undefined;
  #section = "";
  #work = 0;

  /** Starts with nothing. */
  constructor(gpu: Gpu) {
    this.#gpu = gpu;
  }

  /** What takes commands that are no kernel launches. */
  encoder(): GPUCommandEncoder {
    this.#endPass();
    return this.#encoder ??= this.#gpu.device.createCommandEncoder();
  }

  /**
   * Appends a launch.
   *
   * @param bind Tells what it is bound to; may add commands that come before it.
   */
  dispatch(operation: Dispatch & Operation, bind: () => Bound): void {
    const { observer } = this.#gpu;
    const { section, work, kernel, workgroups } = operation;
    if (this.#work > 0 && this.#work + work > MOST_WORK) this.submit();
    this.#work += work;
    const { group, loads } = bind();
    for (const { texels, texture } of loads) encodeLoad(this.encoder(), texels, texture);
    if (observer && section !== this.#section) this.#endPass();
    this.#pass ??= this.encoder().beginComputePass({
      timestampWrites: observer?.timestampWrites(section),
    });
    this.#section = section;
    this.#pass.setPipeline(kernel.pipeline);
    this.#pass.setBindGroup(0, group);
    this.#pass.dispatchWorkgroups(...workgroups);
  }

  /** Appends a copy. */
  copy(operation: Copy): void {
    encodeCopy(this.encoder(), operation);
  }

  /** Appends zeros. */
  clear(operation: Clear): void {
    encodeClear(this.encoder(), operation);
  }

  /** Submits what there is. */
  submit(): void {
    if (!this.#encoder) return;
    this.#gpu.queue.submit(this.encoder().finish());
    this.#encoder = undefined;
    this.#work = 0;
  }

  #endPass(): void {
    this.#pass?.end();
    this.#pass = undefined;
  }
}
