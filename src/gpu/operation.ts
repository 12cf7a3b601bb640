import type { Kernel } from "./kernel.ts";
import type { Tensor } from "./tensor.ts";
import type { Texels } from "./texels.ts";

/** Number of workgroups along x, y and z. */
export type Workgroups = readonly [number, number?, number?];

/** A kernel launch. */
export interface Dispatch {
  kind: "dispatch";
  kernel: Kernel;
  workgroups: Workgroups;
  uniform: Uint32Array;
  /** Bindings 1, 2, … */
  tensors: readonly (Tensor | Texels)[];
  /** Arithmetic operations, or what takes about as long. */
  work: number;
}

/** A copy of all of a tensor into the beginning of another one. */
export interface Copy {
  kind: "copy";
  from: Tensor;
  to: Tensor;
}

/** Zeros for all of a tensor. */
export interface Clear {
  kind: "clear";
  tensor: Tensor;
}

/** A place from which on some tensors are not changed. */
export interface Finished {
  kind: "finished";
  tensors: readonly Tensor[];
}

/** A part of a plan. */
export type Operation = (Dispatch | Copy | Clear | Finished) & {
  /** The part of the plan that it belongs to. */
  section: string;
};

/** Appends a copy to commands. */
export function encodeCopy(encoder: GPUCommandEncoder, { from, to }: Copy): void {
  encoder.copyBufferToBuffer(
    from.buffer,
    from.byteOffset,
    to.buffer,
    to.byteOffset,
    from.size * from.elementBytes,
  );
}

/** Appends zeros to commands. */
export function encodeClear(encoder: GPUCommandEncoder, { tensor }: Clear): void {
  encoder.clearBuffer(tensor.buffer, tensor.byteOffset, tensor.byteLength);
}
