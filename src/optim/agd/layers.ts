import { UsageError } from "../../errors.ts";
import { naturalRowSize, type ParameterSpec } from "../../model/parameters.ts";
import type { AgdSettings } from "./options.ts";

/** A run of partial sums. */
export interface Range {
  first: number;
  count: number;
}

/** The sum is of the dual norm's square. */
const ROOT = 1;
/** The dual norm enters G. */
const COUNTED = 2;
/** The direction that is stored is the gradient, which the dual norm is to divide. */
const DIVIDED = 4;

/** What moves by a coefficient of its own: see agd_step_size.wgsl. */
export interface Layer {
  /** s, the natural size. */
  scale: number;
  rule: number;
  /** Partial sums of the dual norm, or of its square. */
  dual: Range;
}

/** The layers that a parameter consists of, side by side along its columns. */
export interface LayersOf {
  first: number;
  parts: number;
}

/** Whether a parameter is measured row by row. */
export function isByRows({ role }: ParameterSpec, { embeddings }: AgdSettings): boolean {
  return role === "embedding" && embeddings === "rows";
}

/** The layers over which AGD sums, and which of them moves which parameter. */
export class AgdLayers {
  /** L. */
  readonly depth: number;
  readonly layers: Layer[] = [];
  /**
   * Natural size of a vector, as an RMS: each of the R branches that add to the residual stream may
   * change it by 1 / √R of its size, which is also how much smaller their projections start.
   */
  readonly vectorSize: number;
  readonly #of = new Map<string, LayersOf>();

  /** @throws {UsageError} If a vector should join a matrix and none is before it. */
  constructor(specs: readonly ParameterSpec[], settings: AgdSettings) {
    const { norm, vectors, depth } = settings;
    const branches = specs.filter(({ residual }) => residual).length;
    const rowSize = naturalRowSize(specs);
    this.vectorSize = 1 / Math.sqrt(Math.max(1, branches));
    const add = (scale: number, rule: number, duals: readonly Range[]): LayersOf => {
      const first = this.layers.length;
      for (const dual of duals) this.layers.push({ scale, rule, dual });
      return { first, parts: duals.length };
    };
    const ranges = (length: number) => Array.from({ length }, () => ({ first: 0, count: 0 }));
    let group: LayersOf | undefined; // of the vectors that follow a matrix
    let L = 0;
    for (const spec of specs) {
      const { name, shape, parts, fanIn, fanOut } = spec;
      if (shape.length === 2) {
        const byRows = isByRows(spec, settings);
        const isUnit = byRows || norm === "spectral";
        const scale = byRows ? rowSize : Math.sqrt(fanOut / fanIn);
        const duals = ranges(parts);
        group = add(scale, COUNTED | (isUnit ? 0 : ROOT | DIVIDED), duals);
        this.#of.set(name, group);
        if (vectors === "grouped" && isUnit) group = add(scale, DIVIDED, duals);
        L += depth === "maps" ? parts : 1;
      } else if (vectors === "grouped") {
        // c_attn's bias belongs to query, key and value part by part.
        if (!group) throw new UsageError(`${name}: there is no matrix before it to join`);
        this.#of.set(name, group);
      } else {
        this.#of.set(name, add(this.vectorSize * Math.sqrt(shape[0]), ROOT | DIVIDED, ranges(1)));
      }
    }
    this.depth = L;
  }

  /** The layers that move a parameter, and that its gradient is measured by. */
  of({ name }: ParameterSpec): LayersOf {
    return this.#of.get(name)!;
  }

  /** A layer's dual norm, from the sum that was taken of it. */
  dualNorm(layer: number, sums: Float32Array): number {
    return this.layers[layer].rule & ROOT ? Math.sqrt(sums[layer]) : sums[layer];
  }

  /** (layers, 2): natural size and rule. */
  get table(): Float32Array {
    const values = new Float32Array(this.layers.length * 2);
    const integers = new Uint32Array(values.buffer);
    this.layers.forEach(({ scale, rule }, i) => {
      values[2 * i] = scale;
      integers[2 * i + 1] = rule;
    });
    return values;
  }
}
