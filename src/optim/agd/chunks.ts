import type { Gpu } from "../../gpu/gpu.ts";
import type { Plan } from "../../gpu/plan.ts";
import type { Tensor } from "../../gpu/tensor.ts";
import type { Span } from "../spans.ts";
import { type LayerPart, matricesOf, type Submatrix } from "./layers.ts";
import chunk from "../../../wgsl/optim/agd/include/chunk.wgsl" with { type: "text" };

/** How a chunk is told to kernels that include it. */
export const CHUNK = { chunk };

/** Elements of one workgroup's share, about. */
const SHARE = 4096;

/** One workgroup's share of a part, and what goes with it: a layer, or where its sum belongs. */
export interface Chunk extends Submatrix {
  index: number;
}

/** The chunks of a span. */
export interface ChunkTable {
  span: Span;
  /** (count, 5): offset, rows, columns, stride, index. */
  chunks: Tensor;
  count: number;
}

/** Cuts a part into chunks. */
export function chunksOf({ blocks }: Pick<LayerPart, "blocks">): Submatrix[] {
  return blocks.flatMap(cut);
}

/** Cuts a block; one whose rows lie end to end is cut like a single row. */
function cut(block: Submatrix): Submatrix[] {
  const { offset, rows, columns, stride } = block;
  if (rows > 1 && columns === stride) return cut({ ...block, rows: 1, columns: rows * columns });
  const isRow = rows === 1;
  const length = isRow ? columns : rows;
  const share = isRow ? SHARE : rowShare(block);
  return Array.from({ length: Math.ceil(length / share) }, (_, i) => {
    const first = i * share;
    const size = Math.min(share, length - first);
    return isRow
      ? { ...block, offset: offset + first, columns: size }
      : { ...block, offset: offset + first * stride, rows: size };
  });
}

/** Rows of a block that are one workgroup's share. */
export function rowShare({ columns }: Submatrix): number {
  return Math.max(1, Math.floor(SHARE / columns));
}

/** How many workgroups copy a block into a matrix of its own, by whole rows. */
export function copiersOf(block: Submatrix): number {
  return Math.ceil(block.rows / rowShare(block));
}

/** How many workgroups measure a part, each of which leaves a partial sum. */
export function partialCount(part: LayerPart): number {
  const { measure, spec: { shape: [rows] } } = part;
  if (measure === "rows") return rows;
  if (measure === "squares") return chunksOf(part).length;
  return matricesOf(part).reduce((sum, block) => sum + copiersOf(block), 0);
}

/** Uploads chunks, a table for each span; the plan owns them. */
export function chunkTables(gpu: Gpu, plan: Plan, chunks: readonly Chunk[]): ChunkTable[] {
  return [...Map.groupBy(chunks, ({ span }) => span)].map(([span, members]) => {
    const rows = members.flatMap((
      { offset, rows, columns, stride, index },
    ) => [offset, rows, columns, stride, index]);
    const table = gpu.tensorFrom("agd chunks", [members.length, 5], Uint32Array.from(rows));
    plan.own(table);
    return { span, chunks: table, count: members.length };
  });
}
