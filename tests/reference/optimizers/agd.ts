/** Automatic gradient descent (Bernstein et al. 2023, arXiv:2304.05187), in float64. */
import type { ParameterSpec } from "../../../src/model/parameters.ts";
import type { Tensors } from "../gpt2.ts";
import { columnBlock, subtractFromColumnBlock } from "./column_block.ts";
import { norm, quotient } from "./norm.ts";
import { polar } from "./polar.ts";

/** How AGD measures gradients and how they are averaged. */
export interface AgdOptions {
  /**
   * `frobenius` is the published method. `spectral` measures each parameter by the norm natural
   * to it: matrices by the operator norm, rows of embeddings by the 2-norm, vectors by the RMS.
   * @default "spectral"
   */
  norm?: "frobenius" | "spectral";
  /**
   * Decay of the average that stands for the gradient; 0 is the gradient itself.
   * @default 0.9 for `spectral`, 0 for `frobenius`
   */
  momentum?: number;
}

/** What an update was made with. */
export interface AgdStep {
  /** The automatic step size. */
  eta: number;
  /** G, the gradient summary that decided it. */
  gradientSummary: number;
}

/** eta = log((1 + √(1 + 4G)) / 2), the automatic step size (algorithm 1 of the paper). */
export function automaticStepSize(G: number): number {
  return Math.log((1 + Math.sqrt(1 + 4 * G)) / 2);
}

/** How one layer, or one vector, is about to move: by -(eta/L) · scale · direction. */
interface Move {
  name: string;
  rows: number;
  parts: number;
  part: number;
  /** s, the layer's natural size. */
  scale: number;
  direction: Float64Array;
  /** The gradient's dual norm, as it enters G; 0 for a vector, which does not. */
  dual: number;
}

const isVector = (spec: ParameterSpec) => spec.shape.length === 1;
const rowsOf = (spec: ParameterSpec) => isVector(spec) ? 1 : spec.shape[0];
const naturalSize = (spec: ParameterSpec) => Math.sqrt(spec.fanOut / spec.fanIn);

/**
 * The published method. Every weight is a layer of its own, `c_attn` three, and moves along
 * g / ‖g‖_F. A vector belongs to the last weight before it in definition order, `c_attn`'s bias
 * part by part, and moves along g_b / ‖g_W‖_F.
 */
function frobeniusMoves(table: ParameterSpec[], gradients: Tensors): Move[] {
  const moves: Move[] = [];
  let weight = table[0];
  let weightNorms: number[] = [];
  for (const spec of table.filter((spec) => spec.trainable)) {
    if (!isVector(spec)) {
      weight = spec;
      weightNorms = [];
    }
    const { name } = spec;
    const { parts } = weight;
    const rows = rowsOf(spec);
    const scale = naturalSize(weight);
    for (let part = 0; part < parts; part++) {
      const g = columnBlock(gradients.get(name)!, rows, parts, part);
      if (!isVector(spec)) weightNorms[part] = norm(g);
      const direction = quotient(g, weightNorms[part]);
      const dual = isVector(spec) ? 0 : weightNorms[part];
      moves.push({ name, rows, parts, part, scale, direction, dual });
    }
  }
  return moves;
}

/**
 * The steepest descent of each parameter's own norm. A matrix moves along its gradient's polar
 * factor, `c_attn` as three matrices; an embedding row by row along the rows' directions; a
 * vector along its gradient, scaled to an RMS of 1.
 */
function spectralMoves(table: ParameterSpec[], gradients: Tensors): Move[] {
  const moves: Move[] = [];
  for (const spec of table.filter((spec) => spec.trainable)) {
    const { name, role, parts } = spec;
    const g = gradients.get(name)!;
    const rows = rowsOf(spec);
    const whole = { name, rows, parts: 1, part: 0, scale: 1 };
    if (role === "matrix") {
      for (let part = 0; part < parts; part++) {
        const block = columnBlock(g, rows, parts, part);
        const direction = polar(block, spec.fanIn, spec.fanOut);
        const dual = block.reduce((sum, value, i) => sum + value * direction[i], 0);
        moves.push({ name, rows, parts, part, scale: naturalSize(spec), direction, dual });
      }
    } else if (role === "embedding") {
      const columns = g.length / rows;
      const direction = new Float64Array(g.length);
      let dual = 0;
      for (let r = 0; r < rows; r++) {
        const row = g.subarray(r * columns, (r + 1) * columns);
        direction.set(quotient(row, norm(row)), r * columns);
        dual += norm(row);
      }
      moves.push({ ...whole, direction, dual });
    } else {
      const direction = quotient(g, norm(g) / Math.sqrt(g.length));
      moves.push({ ...whole, direction, dual: 0 });
    }
  }
  return moves;
}

/** L: how many layers share the step. `spectral` counts `c_attn` once, `frobenius` thrice. */
function depthOf(table: ParameterSpec[], norm: "frobenius" | "spectral"): number {
  return table
    .filter((spec) => !isVector(spec))
    .reduce((sum, spec) => sum + (norm === "frobenius" ? spec.parts : 1), 0);
}

/** AGD with its state: averages of the gradients and of the weights. */
export class Agd {
  /** The averaged iterate: average ← average + w (W - average), w = 8 / (8 + step). */
  readonly average: Tensors = new Map();
  readonly #table: ParameterSpec[];
  readonly #norm: "frobenius" | "spectral";
  readonly #momentum: number;
  readonly #averageGradients: Tensors = new Map();
  #step = 0;

  /** @param initial the parameters before the first step, which the average starts from */
  constructor(table: ParameterSpec[], initial: Tensors, options: AgdOptions = {}) {
    this.#table = table;
    this.#norm = options.norm ?? "spectral";
    this.#momentum = options.momentum ?? (this.#norm === "spectral" ? 0.9 : 0);
    for (const [name, values] of initial) this.average.set(name, values.slice());
  }

  /** Moves the trainable parameters, in place. */
  step(parameters: Tensors, gradients: Tensors): AgdStep {
    this.#step++;
    const g = this.#withMomentum(gradients);
    const moves = this.#norm === "frobenius"
      ? frobeniusMoves(this.#table, g)
      : spectralMoves(this.#table, g);

    const L = depthOf(this.#table, this.#norm);
    const G = moves.reduce((sum, { scale, dual }) => sum + scale * dual, 0) / L;
    const eta = automaticStepSize(G);
    for (const { name, rows, parts, part, scale, direction } of moves) {
      const W = parameters.get(name)!;
      subtractFromColumnBlock(W, rows, parts, part, (eta / L) * scale, direction);
    }

    const w = 8 / (8 + this.#step);
    for (const [name, average] of this.average) {
      const W = parameters.get(name)!;
      for (let i = 0; i < W.length; i++) average[i] += w * (W[i] - average[i]);
    }
    return { eta, gradientSummary: G };
  }

  /** m ← momentum · m + (1 - momentum) · g, over 1 - momentumᵗ, which corrects its start at 0. */
  #withMomentum(gradients: Tensors): Tensors {
    const corrected: Tensors = new Map();
    for (const [name, g] of gradients) {
      const before = this.#averageGradients.get(name) ?? new Float64Array(g.length);
      const m = before.map((value, i) => this.#momentum * value + (1 - this.#momentum) * g[i]);
      this.#averageGradients.set(name, m);
      corrected.set(name, m.map((value) => value / (1 - this.#momentum ** this.#step)));
    }
    return corrected;
  }
}
