import type { Gpu } from "../../gpu/gpu.ts";

/** Keeps a tile in registers and reads both operands from memory. */
export interface RegisterVariant {
  /** Which of the two it is. */
  kind: "registers";
  /** Rows and columns of the part of the product that one invocation computes. */
  tile: readonly [rows: number, columns: number];
  /** Invocations of a workgroup along the columns and the rows. */
  workgroup: readonly [columns: number, rows: number];
}

/** A workgroup shares panels of both operands in its memory. */
export interface WorkgroupVariant {
  /** Which of the two it is. */
  kind: "workgroup";
  /** Rows and columns of a workgroup's part of the product, and how much of K a panel holds. */
  block: readonly [rows: number, columns: number, k: number];
  /** Rows and columns of the part that one invocation computes. */
  tile: readonly [rows: number, columns: number];
}

/** One of the kernels that compute a matrix product. All add up along K in the same order. */
export type MatmulVariant = RegisterVariant | WorkgroupVariant;

/** What a variant is chosen by: op(A) is (m, k), op(B) is (k, n). */
export interface MatmulShape {
  m: number;
  n: number;
  k: number;
  batch: number;
  aTransposed: boolean;
  bTransposed: boolean;
  /** Whether all stored rows and K are whole vec4s. */
  vector: boolean;
  /** Whether only the upper half of the product is computed. */
  symmetric: boolean;
}

function registers(
  tile: readonly [number, number],
  workgroup: readonly [number, number],
): MatmulVariant {
  return { kind: "registers", tile, workgroup };
}

function workgroup(
  block: readonly [number, number, number],
  tile: readonly [number, number],
): MatmulVariant {
  return { kind: "workgroup", block, tile };
}

// The software driver runs 8 invocations at once, which here share the rows of A. Larger tiles need
// fewer loads for each multiplication, but their programs outgrow the processor's instruction cache:
// measured, they are no faster, and take longer to compile.
const SOFTWARE = registers([8, 8], [8, 1]);
const GPU = [
  workgroup([128, 128, 16], [8, 8]),
  workgroup([64, 64, 16], [8, 8]),
  workgroup([64, 64, 32], [4, 4]),
  workgroup([32, 32, 16], [4, 4]),
  registers([8, 8], [8, 8]),
  registers([4, 4], [8, 8]),
];

/** A name that tells a variant from all others, e.g. `registers 16x16 by 8x1`. */
export function variantName(variant: MatmulVariant): string {
  const tile = variant.tile.join("x");
  return variant.kind === "registers"
    ? `registers ${tile} by ${variant.workgroup.join("x")}`
    : `workgroup ${variant.block.join("x")}, ${tile}`;
}

/** Invocations of a workgroup. */
export function threadsOf(variant: MatmulVariant): number {
  const [x, y] = gridUnit(variant);
  const [rows, columns] = variant.tile;
  return x * y / rows / columns;
}

/** Columns and rows of the product that a workgroup computes. */
export function gridUnit(variant: MatmulVariant): [columns: number, rows: number] {
  if (variant.kind === "workgroup") return [variant.block[1], variant.block[0]];
  const [rows, columns] = variant.tile;
  return [columns * variant.workgroup[0], rows * variant.workgroup[1]];
}

/** Bytes of workgroup memory. */
export function workgroupBytes(variant: MatmulVariant): number {
  if (variant.kind === "registers") return 0;
  const [rows, columns, k] = variant.block;
  return 16 * k * (rows / 4 + 1 + columns / 4 + 1);
}

/** What variants depend on besides the shape. */
export type Adapter = Pick<Gpu, "isSoftware"> & {
  device: {
    limits: Pick<
      GPUSupportedLimits,
      "maxComputeWorkgroupStorageSize" | "maxComputeInvocationsPerWorkgroup"
    >;
  };
};

/** The variants that may be the fastest for a shape on an adapter; first the one to start from. */
export function candidates(gpu: Adapter, shape: MatmulShape): MatmulVariant[] {
  const { m, vector } = shape;
  const { isSoftware } = gpu;
  if (m < 4) return [registers([m === 1 ? 1 : 4, 4], [isSoftware ? 8 : 64, 1])];
  // Element by element, the larger tiles are long programs: the software driver takes 9 s to
  // compile one.
  if (!vector) return [registers([4, 4], isSoftware ? [8, 1] : [8, 8])];
  if (isSoftware) return [SOFTWARE];
  const { maxComputeWorkgroupStorageSize, maxComputeInvocationsPerWorkgroup } = gpu.device.limits;
  const guesses = GPU.filter((variant) =>
    workgroupBytes(variant) <= maxComputeWorkgroupStorageSize &&
    threadsOf(variant) <= maxComputeInvocationsPerWorkgroup
  ).map((variant) => ({ variant, cost: guessedCost(variant, shape) }));
  guesses.sort((a, b) => a.cost - b.cost);
  const most = guesses[0].cost * 4;
  return guesses.filter(({ cost }) => cost <= most).map(({ variant }) => variant);
}

/** Workgroups that have something to compute; of a symmetric product those that meet the diagonal. */
function groupsOf({ m, n, symmetric }: MatmulShape, columns: number, rows: number): number {
  const across = Math.ceil(n / columns);
  const down = Math.ceil(m / rows);
  if (!symmetric) return across * down;
  let groups = 0;
  for (let y = 0; y < down; y++) groups += across - Math.floor(y * rows / columns);
  return groups;
}

/** Whether a variant has less to compute of a symmetric product than of another one. */
export function skipsWork(variant: MatmulVariant, shape: MatmulShape): boolean {
  const unit = gridUnit(variant);
  return groupsOf(shape, ...unit) < groupsOf({ ...shape, symmetric: false }, ...unit);
}

/** Workgroups of 64 that keep a GPU busy. */
const BUSY = 128;

/**
 * A guess at the time that a variant takes: the elements computed, those past the edges
 * included, times what an element costs when tiles are this small or the GPU is half empty.
 */
function guessedCost(variant: MatmulVariant, shape: MatmulShape): number {
  const [columns, rows] = gridUnit(variant);
  const groups = groupsOf(shape, columns, rows) * shape.batch;
  const elements = groups * columns * rows;
  const [tileRows, tileColumns] = variant.tile;
  const tileLoads = 1 / tileRows + 1 / tileColumns;
  const groupLoads = variant.kind === "workgroup" ? 1 / columns + 1 / rows : tileLoads;
  const idle = Math.max(1, BUSY * 64 / (groups * threadsOf(variant)));
  return elements * (1 + tileLoads + 8 * groupLoads) * idle;
}
