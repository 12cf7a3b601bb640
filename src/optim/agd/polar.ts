import type { Gpu } from "../../gpu/gpu.ts";
import type { Plan } from "../../gpu/plan.ts";
import type { Tensor } from "../../gpu/tensor.ts";
import { WORKGROUP_SUM } from "../../ops/includes.ts";
import { polarFactor, type PolarWorkspace, polarWorkspaces } from "../../ops/polar/polar.ts";
import { polarSteps } from "../../ops/polar/steps.ts";
import { rowThreads } from "../../ops/threads.ts";
import type { Span } from "../spans.ts";
import { chunksOf, copiersOf, rowShare } from "./chunks.ts";
import { type LayerPart, matricesOf, type Submatrix } from "./layers.ts";
import { PartialSums } from "./partial_sums.ts";
import map from "../../../wgsl/optim/agd/include/map.wgsl" with { type: "text" };
import loadSource from "../../../wgsl/optim/agd/load.wgsl" with { type: "text" };
import storeSource from "../../../wgsl/optim/agd/store.wgsl" with { type: "text" };

/**
 * The steps to a polar factor. Singular values from 0.006 of a gradient's Frobenius norm on are
 * brought within 45% of 1. Smaller ones grow by the same factor as that one, if not to 1.
 */
export const POLAR_STEPS = polarSteps(0.006, { count: 3 });

/**
 * Most bytes of one batch of matrices whose polar factors are taken together: this many, or this
 * part of all of them. So there are no more batches, and kernel launches, the larger the model is.
 */
const BATCH_BYTES = 32 * 2 ** 20;
const BATCH_PART = 1 / 16;

/** The gradient of a linear map, to be replaced by its polar factor. */
interface LinearMap extends Submatrix {
  /** What it is replaced by. */
  plan: Plan;
  /** Which of the sums is its sum of squares. */
  squares: number;
  /** Where the partial sums of its dual norm start. */
  products: number;
}

/** Maps of one shape, but for transposition, and room to work on them. */
interface PolarBatch {
  plan: Plan;
  maps: LinearMap[];
  workspace: PolarWorkspace;
}

/**
 * Appends replacing gradients by their polar factors, those of one shape together, and the partial
 * sums of the inner products of the two, the dual norms.
 *
 * @param parts Each with the sum that is its dual norm.
 * @param gradient Which of a span's tensors holds the gradients.
 * @param duals Get the partial sums.
 * @param planOf To which plan the polar factors of a part are appended, if not to that of `duals`,
 * which must have run before.
 */
export function appendPolarFactors(
  parts: readonly (readonly [LayerPart, sum: number])[],
  gradient: (span: Span) => Tensor,
  duals: PartialSums,
  planOf: (part: LayerPart) => Plan = () => duals.plan,
): void {
  if (parts.length === 0) return;
  const { gpu, plan, partials } = duals;
  const all = linearMaps(gpu, parts, duals, planOf);
  const squares = appendSquares(gpu, plan, all, gradient);
  const batches = batchesOf(gpu, plan, all);
  const rows = batches.flatMap(({ maps }) => maps.map(describe));
  const table = gpu.tensorFrom("agd maps", [rows.length, 9], Uint32Array.from(rows.flat()));
  plan.own(table);
  const THREADS = rowThreads(gpu);
  const load = gpu.kernel("agd_load", loadSource, { THREADS }, { map });
  const store = gpu.kernel("agd_store", storeSource, { THREADS }, { map, ...WORKGROUP_SUM });
  let first = 0;
  for (const { plan, maps, workspace } of batches) {
    const groups = bySpan(maps, first);
    for (const { span, at, workgroups } of groups) {
      plan.dispatch(load, workgroups, [at], [table, squares, gradient(span), workspace.x]);
    }
    const polar = polarFactor(gpu, plan, workspace, POLAR_STEPS, maps.length);
    for (const { span, at, workgroups } of groups) {
      plan.dispatch(store, workgroups, [at], [table, polar, gradient(span), partials]);
    }
    first += maps.length;
  }
}

/** The linear maps of parts, numbered. */
function linearMaps(
  gpu: Gpu,
  parts: readonly (readonly [LayerPart, sum: number])[],
  duals: PartialSums,
  planOf: (part: LayerPart) => Plan,
): LinearMap[] {
  let count = 0;
  return parts.flatMap(([part, sum]) => {
    checkWhole(gpu, part);
    const plan = planOf(part);
    let products = duals.startOf(sum);
    return matricesOf(part).map((map) => {
      const linear = { ...map, plan, squares: count++, products };
      products += copiersOf(map);
      return linear;
    });
  });
}

/** Appends the squares of maps' Frobenius norms; returns them, (maps). */
function appendSquares(
  gpu: Gpu,
  plan: Plan,
  maps: readonly LinearMap[],
  gradient: (span: Span) => Tensor,
): Tensor {
  const parts = maps.map((map) => ({ blocks: [map] }));
  const sums = new PartialSums(gpu, plan, parts.map((part) => chunksOf(part).length));
  sums.addSquares(parts.map((part, sum) => [part, sum]), gradient);
  const squares = gpu.tensor("agd squares", [maps.length]);
  plan.own(squares);
  sums.join(squares);
  return squares;
}

/** Refuses a part that a binding does not cover. */
function checkWhole(
  gpu: Gpu,
  { spec: { name, shape: [rows, columns = 1] }, blocks }: LayerPart,
): void {
  if (blocks.length > 1) {
    const bytes = rows * columns * 4;
    gpu.refuse(`the operator norm of ${name} needs a binding of`, bytes, gpu.maxBindingBytes);
  }
}

/** Batches of maps of one shape and plan, whose matrices fit a workspace. */
function batchesOf(gpu: Gpu, owner: Plan, maps: readonly LinearMap[]): PolarBatch[] {
  const shapeOf = ({ rows, columns }: Submatrix) => [rows, columns].sort((a, b) => a - b).join("x");
  const bytes = maps.reduce((sum, { rows, columns }) => sum + rows * columns * 4, 0);
  const most = Math.min(Math.max(BATCH_BYTES, bytes * BATCH_PART), gpu.maxBindingBytes);
  const byShape = [...Map.groupBy(maps, ({ plan }) => plan)].flatMap(([plan, group]) =>
    [...Map.groupBy(group, shapeOf)].map(([shape, group]) => ({ plan, shape, group }))
  );
  const groups = byShape.map(({ plan, shape, group }) => {
    const [m, n] = shape.split("x").map(Number);
    const fitting = Math.max(1, Math.floor(most / (m * n * 4)));
    return { plan, group, size: [Math.min(fitting, group.length), m, n] as const };
  });
  const { workspaces, memory } = polarWorkspaces(gpu, groups.map(({ size }) => size));
  owner.own(...memory);
  return groups.flatMap(({ plan, group, size: [fitting] }, i) =>
    Array.from({ length: Math.ceil(group.length / fitting) }, (_, batch) => (
      { plan, maps: group.slice(batch * fitting, (batch + 1) * fitting), workspace: workspaces[i] }
    ))
  );
}

/** A map, number `i` of its batch, as the kernels read it. */
function describe(map: LinearMap, i: number): number[] {
  const { offset, rows, columns, stride, squares, products } = map;
  const transposed = rows > columns ? 1 : 0;
  const matrix = i * rows * columns;
  return [offset, rows, columns, stride, rowShare(map), matrix, transposed, squares, products];
}

/** A batch's maps by span: those of one follow each other in the table, the batch from `first` on. */
function bySpan(maps: readonly LinearMap[], first: number) {
  return [...Map.groupBy(maps.keys(), (i) => maps[i].span)].map(([span, members]) => {
    const most = Math.max(...members.map((i) => copiersOf(maps[i])));
    return { span, at: first + members[0], workgroups: [most, members.length] as const };
  });
}
