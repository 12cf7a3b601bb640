import { UsageError } from "../errors.ts";
import type { Gpu } from "../gpu/gpu.ts";
import type { Plan } from "../gpu/plan.ts";
import { rowSlices, type Tensor } from "../gpu/tensor.ts";
import type { ParameterSpec } from "../model/parameters.ts";
import type { AgdSettings } from "./agd_options.ts";
import source from "../../wgsl/partial_sums.wgsl" with { type: "text" };

/** Partial sums per reduction, at most. */
const MAX_PARTIALS = 64;
/** Elements that one workgroup adds up, at least. */
const MIN_SHARE = 4096;

/** A run of partial sums. */
export interface Partials {
  first: number;
  count: number;
}

/** A block of a tensor's columns, or a matrix of its own. */
export interface Block {
  tensor: Tensor;
  rows: number;
  columns: number;
  /** Elements from one row to the next. */
  stride: number;
  /** Where the block starts. */
  offset: number;
}

/** The linear map `part` of a matrix parameter, as a block of its columns. */
export function partOf(spec: ParameterSpec, tensor: Tensor, part: number): Block {
  const [rows, columns] = spec.shape as readonly [number, number];
  const width = columns / spec.parts;
  return { tensor, rows, columns: width, stride: columns, offset: part * width };
}

/** What becomes of a layer's partial sums: see agd_step_size.wgsl. */
const ROOT = 1;
const COUNTED = 2;
const DIVIDED = 4;

/** The coefficients that move a parameter: one for each of its blocks of columns. */
interface Layers {
  first: number;
  parts: number;
}

/**
 * The layers over which AGD sums: which coefficient moves which parameter, and where the partial
 * sums of each layer's dual norm are.
 */
export class AgdLayers {
  /** L. */
  readonly depth: number;
  /** Number of coefficients. */
  readonly count: number;
  /** (count, 4): natural size, first partial sum, number of partial sums, rule. */
  readonly table: Tensor;
  /** All partial sums. */
  readonly partials: Tensor;
  readonly #gpu: Gpu;
  readonly #of = new Map<string, Layers>();
  readonly #rows: { scale: number; rule: number; partials: Partials }[] = [];
  #partialCount = 0;

  /** @throws {UsageError} If a vector should join a matrix and none is before it. */
  constructor(gpu: Gpu, specs: readonly ParameterSpec[], settings: AgdSettings) {
    this.#gpu = gpu;
    const { norm, vectors, embeddings, depth } = settings;
    const add = (scale: number, rule: number, partials: readonly Partials[]): Layers => {
      const first = this.#rows.length;
      for (const part of partials) this.#rows.push({ scale, rule, partials: part });
      return { first, parts: partials.length };
    };
    let group: Layers | undefined; // of the vectors that follow a matrix
    let own: Layers | undefined; // of all vectors that move by their own norm
    let L = 0;
    let reductions = 0;
    for (const spec of specs) {
      if (spec.shape.length === 2) {
        const byRows = spec.role === "embedding" && embeddings === "rows";
        const isUnit = byRows || norm === "spectral";
        const scale = byRows ? 1 : Math.sqrt(spec.fanOut / spec.fanIn);
        const partials = Array.from({ length: spec.parts }, () => ({ first: 0, count: 0 }));
        const matrix = add(scale, COUNTED | (isUnit ? 0 : ROOT | DIVIDED), partials);
        this.#of.set(spec.name, matrix);
        group = matrix;
        if (vectors === "grouped" && isUnit) group = add(scale, DIVIDED, partials);
        L += depth === "maps" ? spec.parts : 1;
        // Norm and dual norm of each part.
        reductions += 2 * spec.parts;
      } else if (vectors === "grouped") {
        // c_attn's bias belongs to query, key and value part by part.
        if (!group) throw new UsageError(`${spec.name}: there is no matrix before it to join`);
        this.#of.set(spec.name, group);
      } else {
        own ??= add(1, 0, [{ first: 0, count: 0 }]);
        this.#of.set(spec.name, own);
      }
    }
    this.depth = L;
    this.count = this.#rows.length;
    this.table = gpu.tensor("agd layers", [this.count, 4]);
    // Rounding up per run of rows adds at most one partial sum a run.
    this.partials = gpu.tensor("agd partial sums", [reductions * 2 * MAX_PARTIALS]);
  }

  /** The first layer that moves a parameter, and how many blocks of columns it has. */
  of({ name }: ParameterSpec): Layers {
    return this.#of.get(name)!;
  }

  /** Declares that these partial sums make up the dual norm of a layer. */
  setDualNorm(layer: number, partials: Partials): void {
    Object.assign(this.#rows[layer].partials, partials);
  }

  /** Appends the sum of a block's elements as partial sums. */
  sum(plan: Plan, block: Block): Partials {
    return this.#reduce(plan, block, { SQUARE: false, PRODUCT: false });
  }

  /** Appends the sum of a block's squares, as partial sums. */
  sumOfSquares(plan: Plan, block: Block): Partials {
    return this.#reduce(plan, block, { SQUARE: true, PRODUCT: false });
  }

  /**
   * Appends the inner product of two blocks as partial sums; `right` may be stored transposed.
   * Both must fit one binding.
   */
  innerProduct(plan: Plan, left: Block, right: Block, transposed: boolean): Partials {
    return this.#reduce(plan, left, { SQUARE: false, PRODUCT: true }, right, transposed);
  }

  #reduce(
    plan: Plan,
    left: Block,
    constants: { SQUARE: boolean; PRODUCT: boolean },
    right?: Block,
    transposed = false,
  ): Partials {
    const first = this.#partialCount;
    const THREADS = this.#gpu.isSoftware ? 8 : 128;
    const kernel = this.#gpu.kernel("partial_sums", source, { THREADS, ...constants });
    const slices = rowSlices(left.rows, left.stride, this.#gpu.maxBindingBytes);
    for (const slice of slices) {
      const size = slice.count * left.columns;
      const most = Math.ceil(MAX_PARTIALS / slices.length);
      const count = Math.min(most, Math.ceil(size / MIN_SHARE));
      const values = slices.length === 1 ? left.tensor : left.tensor.rows(slice.start, slice.count);
      const parameters = [
        ...[slice.count, left.columns, left.stride, left.offset],
        ...[Math.ceil(size / count), this.#partialCount],
        ...[right?.offset ?? 0, transposed ? 1 : 0, right?.stride ?? 0],
      ];
      const bindings = right ? [values, this.partials, right.tensor] : [values, this.partials];
      plan.dispatch(kernel, [count], parameters, bindings);
      this.#partialCount += count;
    }
    const count = this.#partialCount - first;
    return { first, count };
  }

  /** Uploads the table, once every dual norm is declared. */
  upload(): void {
    const values = new Float32Array(this.count * 4);
    const integers = new Uint32Array(values.buffer);
    this.#rows.forEach(({ scale, rule, partials }, i) => {
      values[4 * i] = scale;
      integers.set([partials.first, partials.count, rule], 4 * i + 1);
    });
    this.#gpu.write(this.table, values);
  }
}
