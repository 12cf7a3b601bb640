import { UsageError } from "../../errors.ts";
import { naturalRowSize, type ParameterSpec } from "../../model/parameters.ts";
import type { Span } from "../spans.ts";
import type { AgdSettings, Measure } from "./options.ts";

/** By what a parameter is measured. */
export function measureOf(
  { role, shape }: ParameterSpec,
  { norm, embeddings }: AgdSettings,
): Measure {
  if (shape.length === 1) return "squares";
  if (role === "embedding" && embeddings === "rows") return "rows";
  return norm === "spectral" ? "operator" : "squares";
}

/** The sum is of the dual norm's square. */
const ROOT = 1;
/** The dual norm enters G. */
const COUNTED = 2;
/** The direction that is stored is the gradient, which the dual norm is to divide. */
const DIVIDED = 4;

/** What moves by a coefficient of its own: see step_size.wgsl. */
export interface Layer {
  /** s, the natural size. */
  scale: number;
  rule: number;
  /** Which of the sums is its dual norm, or the square of that. */
  dual: number;
}

/** A block of a span's elements, as much of a {@linkcode LayerPart} as one binding covers. */
export interface Submatrix {
  span: Span;
  /** Elements from the span's beginning. */
  offset: number;
  rows: number;
  columns: number;
  /** Elements from one row to the next. */
  stride: number;
}

/** Columns of a parameter that are one layer: query, key or value; mostly all of them. */
export interface LayerPart {
  spec: ParameterSpec;
  measure: Measure;
  /** The number of the layer by whose coefficient it moves. */
  layer: number;
  /** From its first row to its last. */
  blocks: Submatrix[];
}

/** The layers over which AGD sums, and which of them moves which parameter. */
export class AgdLayers {
  /** L: two-dimensional parameters or, as published, linear maps, of which c_attn holds three. */
  readonly depth: number;
  readonly layers: Layer[] = [];
  /** How many dual norms there are. */
  readonly duals: number;
  /**
   * Natural size of a vector, as an RMS: each of the R branches that add to the residual stream may
   * change it by 1 / √R of its size.
   */
  readonly vectorSize: number;
  readonly #settings: AgdSettings;
  /** The layers of each parameter, side by side along its columns. */
  readonly #of = new Map<string, readonly number[]>();

  /** @throws {UsageError} If a vector should join a matrix and none is before it. */
  constructor(specs: readonly ParameterSpec[], settings: AgdSettings) {
    const { norm, vectors } = settings;
    const branches = specs.filter(({ residual }) => residual).length;
    const rowSize = naturalRowSize(specs);
    this.#settings = settings;
    this.vectorSize = 1 / Math.sqrt(Math.max(1, branches));
    let [L, duals] = [0, 0];
    const add = (scale: number, rule: number, dual = duals++) =>
      this.layers.push({ scale, rule, dual }) - 1;
    let group: readonly number[] = []; // of the vectors that follow a matrix
    for (const spec of specs) {
      const { name, shape, parts, fanIn, fanOut } = spec;
      if (shape.length === 2) {
        const measure = measureOf(spec, settings);
        const scale = measure === "rows" ? rowSize : Math.sqrt(fanOut / fanIn);
        const rule = COUNTED | (measure === "squares" ? ROOT | DIVIDED : 0);
        group = Array.from({ length: parts }, () => add(scale, rule));
        this.#of.set(name, group);
        if (vectors === "grouped" && measure !== "squares") {
          group = group.map((layer) => add(scale, DIVIDED, this.layers[layer].dual));
        }
        L += norm === "frobenius" ? parts : 1;
      } else if (vectors === "grouped") {
        // c_attn's bias belongs to query, key and value part by part.
        if (group.length === 0) {
          throw new UsageError(`${name}: there is no matrix before it to join`);
        }
        this.#of.set(name, group);
      } else {
        this.#of.set(name, [add(this.vectorSize * Math.sqrt(shape[0]), ROOT | DIVIDED)]);
      }
    }
    this.depth = L;
    this.duals = duals;
  }

  /** Where the parts of all parameters are in spans. */
  partsOf(spans: readonly Span[]): LayerPart[] {
    const found = new Map<string, LayerPart[]>();
    for (const span of spans) {
      for (const { spec, offset, rows, columns: stride } of span.segments) {
        const layers = this.#of.get(spec.name)!;
        const measure = measureOf(spec, this.#settings);
        const parts = found.get(spec.name) ??
          layers.map((layer) => ({ spec, measure, layer, blocks: [] }));
        found.set(spec.name, parts);
        const columns = stride / layers.length;
        parts.forEach(({ blocks }, i) => {
          blocks.push({ span, offset: offset + i * columns, rows, columns, stride });
        });
      }
    }
    return [...found.values()].flat();
  }

  /** A layer's dual norm, from the sums that were taken. */
  dualNorm(layer: number, sums: Float32Array): number {
    const { rule, dual } = this.layers[layer];
    return rule & ROOT ? Math.sqrt(sums[dual]) : sums[dual];
  }

  /** (layers, 3): natural size, rule, and which of the sums is the dual norm. */
  get table(): Float32Array {
    const values = new Float32Array(this.layers.length * 3);
    const integers = new Uint32Array(values.buffer);
    this.layers.forEach(({ scale, rule, dual }, i) => {
      values[3 * i] = scale;
      integers.set([rule, dual], 3 * i + 1);
    });
    return values;
  }
}

/**
 * The matrices whose polar factors a part moves along: two groups of attention's heads, or of an
 * odd number of heads as many as divide it; of other parts one.
 */
export function matricesOf({ spec: { heads = 1 }, blocks }: LayerPart): Submatrix[] {
  const groups = smallestDivisor(heads);
  return blocks.flatMap((block) => {
    const columns = block.columns / groups;
    return Array.from({ length: groups }, (_, group) => (
      { ...block, offset: block.offset + group * columns, columns }
    ));
  });
}

/** The smallest divisor of n that is greater than 1; of 1 itself 1. */
function smallestDivisor(n: number): number {
  for (let divisor = 2; divisor < n; divisor++) if (n % divisor === 0) return divisor;
  return n;
}
