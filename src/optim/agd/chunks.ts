import type { Gpu } from "../../gpu/gpu.ts";
import { type Plan, spread } from "../../gpu/plan.ts";
import type { Tensor } from "../../gpu/tensor.ts";
import { WORKGROUP_SUM } from "../../ops/includes.ts";
import { rowThreads } from "../../ops/threads.ts";
import type { AgdLayers, Range } from "./layers.ts";
import type { Run, Segment } from "../runs.ts";
import chunk from "../../../wgsl/optim/agd/include/chunk.wgsl" with { type: "text" };
import squaresSource from "../../../wgsl/optim/agd/squares.wgsl" with { type: "text" };
import sumsSource from "../../../wgsl/optim/agd/sums.wgsl" with { type: "text" };

/** How a chunk is told to kernels that include it. */
export const CHUNK = { chunk };

/** Elements of one workgroup's share, about. */
export const SHARE = 4096;

/** A block of columns of a segment that is one layer, or a part of one. */
export interface Block {
  layer: number;
  /** Elements from the run's beginning. */
  offset: number;
  rows: number;
  columns: number;
  /** Elements from one row to the next. */
  stride: number;
}

/** The blocks of a segment, side by side. */
export function blocksOf({ spec, offset, rows, columns }: Segment, layers: AgdLayers): Block[] {
  const { first, parts } = layers.of(spec);
  const width = columns / parts;
  return Array.from({ length: parts }, (_, part) => (
    { layer: first + part, offset: offset + part * width, rows, columns: width, stride: columns }
  ));
}

/** A run whose blocks are cut into chunks, one for a workgroup each. */
export interface ChunkedRun {
  run: Run;
  /** (chunks, 5): offset, rows, columns, stride, layer. */
  chunks: Tensor;
  count: number;
  /** How many of them, from the first on, have sums of squares. */
  squares: number;
  /** Where the sums of squares start. */
  first: number;
}

/** Cuts a block into chunks; one whose rows lie end to end is a single row. */
function chunksOf({ layer, offset, rows, columns, stride }: Block): number[][] {
  if (columns === stride && rows > 1) {
    return chunksOf({ layer, offset, rows: 1, columns: rows * columns, stride: rows * columns });
  }
  const chunks: number[][] = [];
  if (rows === 1) {
    for (let c = 0; c < columns; c += SHARE) {
      const width = Math.min(SHARE, columns - c);
      chunks.push([offset + c, 1, width, width, layer]);
    }
    return chunks;
  }
  const height = Math.max(1, Math.floor(SHARE / columns));
  for (let r = 0; r < rows; r += height) {
    chunks.push([offset + r * stride, Math.min(height, rows - r), columns, stride, layer]);
  }
  return chunks;
}

/**
 * Cuts runs into chunks.
 *
 * @param squaresOf Where the sums of squares of a segment's blocks belong, if they are wanted.
 * @param next The first partial sum that is free.
 */
export function cutRuns(
  gpu: Gpu,
  runs: readonly Run[],
  layers: AgdLayers,
  squaresOf: (segment: Segment, layer: number) => Range | undefined,
  next: () => number,
): ChunkedRun[] {
  return runs.map((run) => {
    const blocks = run.segments.flatMap((segment) =>
      blocksOf(segment, layers).map((block) => (
        { chunks: chunksOf(block), range: squaresOf(segment, block.layer) }
      ))
    );
    const measured = blocks.filter(({ range }) => range !== undefined);
    let first: number | undefined;
    for (const { chunks, range } of measured) {
      for (const _ of chunks) {
        const at = next();
        first ??= at;
        if (range!.count++ === 0) range!.first = at;
      }
    }
    const others = blocks.filter(({ range }) => range === undefined);
    const all = [...measured, ...others].flatMap(({ chunks }) => chunks);
    return {
      run,
      chunks: gpu.tensorFrom("agd chunks", [all.length, 5], Uint32Array.from(all.flat())),
      count: all.length,
      squares: measured.reduce((sum, { chunks }) => sum + chunks.length, 0),
      first: first ?? 0,
    };
  });
}

/** Appends the sums of squares of the chunks that want them. */
export function sumSquares(
  gpu: Gpu,
  plan: Plan,
  chunked: readonly ChunkedRun[],
  values: (run: Run) => Tensor,
  partials: Tensor,
): void {
  const kernel = gpu.kernel("agd_squares", squaresSource, { THREADS: rowThreads(gpu) }, {
    ...CHUNK,
    ...WORKGROUP_SUM,
  });
  for (const { run, chunks, squares, first } of chunked) {
    if (squares === 0) continue;
    plan.dispatch(kernel, spread(squares), [squares, first], [chunks, values(run), partials]);
  }
}

/**
 * Appends adding up the partial sums of some of the ranges, or finding the largest.
 *
 * @param ranges (n, 2): where partial sums start, and how many there are.
 * @param sums (n)
 */
export function joinPartials(
  gpu: Gpu,
  plan: Plan,
  { first, count }: Range,
  ranges: Tensor,
  partials: Tensor,
  sums: Tensor,
  { largest = false } = {},
): void {
  if (count === 0) return;
  const constants = { THREADS: rowThreads(gpu), LARGEST: largest };
  const kernel = gpu.kernel("agd_sums", sumsSource, constants);
  plan.dispatch(kernel, spread(count), [first, count], [ranges, partials, sums]);
}
