import type { Gpu } from "../../gpu/gpu.ts";
import type { Plan } from "../../gpu/plan.ts";
import type { Tensor } from "../../gpu/tensor.ts";
import { polarFactor, type PolarWorkspace, polarWorkspace } from "../../ops/polar/polar.ts";
import { polarSteps } from "../../ops/polar/steps.ts";
import { WORKGROUP_SUM } from "../../ops/includes.ts";
import { rowThreads } from "../../ops/threads.ts";
import { type Block, SHARE } from "./chunks.ts";
import type { Run } from "../runs.ts";
import map from "../../../wgsl/optim/agd/include/map.wgsl" with { type: "text" };
import loadSource from "../../../wgsl/optim/agd/load.wgsl" with { type: "text" };
import storeSource from "../../../wgsl/optim/agd/store.wgsl" with { type: "text" };

/**
 * Most bytes of one batch of matrices whose polar factors are taken together: this many, or this
 * part of all of them. So there are no more batches, and kernel launches, the larger the model is.
 */
const BATCH_BYTES = 32 * 2 ** 20;
const BATCH_PART = 1 / 16;

/**
 * Singular values from this part of a gradient's Frobenius norm on are brought near 1. Smaller ones
 * grow by the same factor as this one, if not to 1.
 */
export const LOWEST_SINGULAR_VALUE = 0.006;

/** The gradient of a linear map, to be replaced by its polar factor. */
export interface LinearMap extends Block {
  run: Run;
  /** Which of the sums is its sum of squares. */
  squares: number;
  /** Where the partial sums of its dual norm start; {@linkcode partsOf} says how many there are. */
  products: number;
}

/** Rows of a block that one workgroup copies. */
function shareOf({ columns }: Block): number {
  return Math.max(1, Math.floor(SHARE / columns));
}

/** How many workgroups copy a block. */
export function partsOf(block: Block): number {
  return Math.ceil(block.rows / shareOf(block));
}

/** Maps of one shape, but for transposition, and room to work on them. */
interface Batch {
  maps: LinearMap[];
  workspace: PolarWorkspace;
}

/**
 * Replaces gradients by their polar factors, those of one shape together, and adds up the inner
 * products of the two.
 *
 * @param count Steps to the polar factor.
 * @param gradient The gradients of a run.
 * @returns Scratch tensors, to be freed with the optimiser.
 */
export function appendPolarFactors(
  gpu: Gpu,
  plan: Plan,
  maps: readonly LinearMap[],
  count: number,
  gradient: (run: Run) => Tensor,
  sums: Tensor,
  partials: Tensor,
): Tensor[] {
  const steps = polarSteps(LOWEST_SINGULAR_VALUE, { count });
  const batches = batchesOf(gpu, maps);
  const ordered = batches.flatMap(({ maps }) => maps);
  const table = gpu.tensorFrom(
    "agd maps",
    [ordered.length, 9],
    Uint32Array.from(batches.flatMap(({ maps }) => maps.flatMap(describe))),
  );
  const THREADS = rowThreads(gpu);
  const load = gpu.kernel("agd_load", loadSource, { THREADS }, { map });
  const store = gpu.kernel("agd_store", storeSource, { THREADS }, { map, ...WORKGROUP_SUM });
  let first = 0;
  for (const { maps, workspace } of batches) {
    const groups = neighbours(maps);
    for (const { run, at, count, parts } of groups) {
      const tensors = [table, sums, gradient(run), workspace.x];
      plan.dispatch(load, [parts, count], [first + at], tensors);
    }
    const polar = polarFactor(gpu, plan, workspace, steps, maps.length);
    for (const { run, at, count, parts } of groups) {
      const tensors = [table, polar, gradient(run), partials];
      plan.dispatch(store, [parts, count], [first + at], tensors);
    }
    first += maps.length;
  }
  const workspaces = new Set(batches.flatMap(({ workspace }) => Object.values(workspace)));
  return [table, ...workspaces];
}

/** Batches of maps whose matrices fit a workspace; all of one shape have the same one. */
function batchesOf(gpu: Gpu, maps: readonly LinearMap[]): Batch[] {
  const shapeOf = ({ rows, columns }: Block) => [rows, columns].sort((a, b) => a - b).join("x");
  const bytes = maps.reduce((sum, { rows, columns }) => sum + rows * columns * 4, 0);
  const most = Math.min(Math.max(BATCH_BYTES, bytes * BATCH_PART), gpu.maxBindingBytes);
  return [...Map.groupBy(maps, shapeOf)].flatMap(([shape, group]) => {
    const [m, n] = shape.split("x").map(Number);
    const fitting = Math.max(1, Math.floor(most / (m * n * 4)));
    const workspace = polarWorkspace(gpu, Math.min(fitting, group.length), m, n);
    const count = Math.ceil(group.length / fitting);
    return Array.from({ length: count }, (_, i) => (
      { maps: group.slice(i * fitting, (i + 1) * fitting), workspace }
    ));
  });
}

/** A map, number `i` of its batch, as the kernels read it. */
function describe(map: LinearMap, i: number): number[] {
  const { offset, rows, columns, stride, squares, products } = map;
  const transposed = rows > columns ? 1 : 0;
  const matrix = i * rows * columns;
  return [offset, rows, columns, stride, shareOf(map), matrix, transposed, squares, products];
}

/** Maps of a batch that follow each other in one run. */
function neighbours(maps: readonly LinearMap[]) {
  const groups: { run: Run; at: number; count: number; parts: number }[] = [];
  maps.forEach((map, at) => {
    const last = groups.at(-1);
    if (last?.run !== map.run) groups.push({ run: map.run, at, count: 1, parts: partsOf(map) });
    else {
      last.count++;
      last.parts = Math.max(last.parts, partsOf(map));
    }
  });
  return groups;
}
