import type { Gpu } from "../gpu/gpu.ts";
import type { Plan } from "../gpu/plan.ts";
import { rowSlices, type Tensor } from "../gpu/tensor.ts";
import type { ParameterSpec } from "../model/parameters.ts";
import type { AgdNorm } from "./agd.ts";
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

/**
 * The layers over which AGD sums: which coefficient moves which parameter, and where the partial
 * sums of each layer's dual norm are.
 */
export class AgdLayers {
  /** L. */
  readonly depth: number;
  /** Number of coefficients. */
  readonly count: number;
  /** (count, 3): natural size, first partial sum, number of partial sums. */
  readonly table: Tensor;
  /** All partial sums. */
  readonly partials: Tensor;
  readonly #gpu: Gpu;
  readonly #of = new Map<string, { first: number; parts: number }>();
  readonly #rows: { scale: number; partials: Partials }[] = [];
  #partialCount = 0;

  constructor(gpu: Gpu, specs: readonly ParameterSpec[], norm: AgdNorm) {
    this.#gpu = gpu;
    let matrix = { first: 0, parts: 1 };
    let reductions = 0;
    const add = (scale: number, parts: number) => {
      const first = this.#rows.length;
      for (let part = 0; part < parts; part++) {
        this.#rows.push({ scale, partials: { first: 0, count: 0 } });
      }
      return { first, parts };
    };
    let vectors: { first: number; parts: number } | undefined;
    let depth = 0;
    for (const spec of specs) {
      if (spec.shape.length === 2) {
        const natural = Math.sqrt(spec.fanOut / spec.fanIn);
        const scale = norm === "spectral" && spec.role === "embedding" ? 1 : natural;
        matrix = add(scale, spec.parts);
        depth += norm === "frobenius" ? spec.parts : 1;
        // Norm and dual norm of each part.
        reductions += 2 * spec.parts;
        this.#of.set(spec.name, matrix);
      } else if (norm === "frobenius") {
        // A vector belongs to the last matrix before it, and c_attn's bias to it part by part.
        this.#of.set(spec.name, matrix);
      } else {
        vectors ??= add(1, 1);
        this.#of.set(spec.name, vectors);
      }
    }
    this.depth = depth;
    this.count = this.#rows.length;
    this.table = gpu.tensor("agd layers", [this.count, 3]);
    // Rounding up per run of rows adds at most one partial sum a run.
    this.partials = gpu.tensor("agd partial sums", [reductions * 2 * MAX_PARTIALS]);
  }

  /** The first layer that moves a parameter, and how many blocks of columns it has. */
  of({ name }: ParameterSpec): { first: number; parts: number } {
    return this.#of.get(name)!;
  }

  /** Declares that these partial sums make up the dual norm of a layer. */
  setDualNorm(layer: number, partials: Partials): void {
    this.#rows[layer].partials = partials;
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
    const values = new Float32Array(this.count * 3);
    const integers = new Uint32Array(values.buffer);
    this.#rows.forEach(({ scale, partials }, i) => {
      values[3 * i] = scale;
      integers[3 * i + 1] = partials.first;
      integers[3 * i + 2] = partials.count;
    });
    this.#gpu.write(this.table, values);
  }
}
