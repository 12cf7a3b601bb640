/** Automatic gradient descent (Bernstein et al. 2023, arXiv:2304.05187), in float64. */
import type { ParameterSpec } from "../../../src/model/parameters.ts";
import type { Tensors } from "../gpt2.ts";
import { columnBlock, subtractFromColumnBlock } from "./column_block.ts";
import { norm, quotient } from "./norm.ts";
import { polarOfHeads } from "./polar.ts";

/** How AGD measures gradients and how they are averaged. */
export interface AgdOptions {
  /**
   * `frobenius` is the published method. `spectral` measures each parameter by the norm natural
   * to it: matrices by the operator norm, rows of embeddings by the 2-norm, vectors by the RMS. For
   * the former L counts linear maps, of which `c_attn` holds three, for the latter 2D parameters.
   * @default "spectral"
   */
  norm?: "frobenius" | "spectral";
  /**
   * A vector moves along its gradient scaled to an RMS of 1, with a natural size of one over the root
   * of the number of residual projections (`own`), along g_b / ‖g_W‖, the dual
   * norm of the last weight W before it in definition order (`grouped`), or not at all (`none`).
   * @default "own" for `spectral`, "grouped" for `frobenius`
   */
  vectors?: "own" | "grouped" | "none";
  /**
   * Whether an embedding moves row by row or as any other matrix.
   * @default "rows" for `spectral`, "matrix" for `frobenius`
   */
  embeddings?: "rows" | "matrix";
  /**
   * Decay of the average that stands for the gradient; 0 is the gradient itself.
   * @default 0.8 for `spectral`, 0 for `frobenius`
   */
  momentum?: number;
  /** Whether the decay is at least 1 - 15 / t at step t, or what for 15. @default true for `spectral` */
  growth?: boolean | number;
  /**
   * Whether the average is as if the gradient came once more, with the weight it has before growth
   * times (1 - b_t) / (1 - b) to the power of 0 for matrices by the operator norm, ½ for rows, else 1.
   * @default true for `spectral`, false for `frobenius`
   */
  nesterov?: boolean;
  /**
   * Whether what of a matrix's D(g) points against the step's own gradient counts by (1 - b_t) / (1 - b).
   * @default true for `spectral`
   */
  cautious?: boolean;
  /** Whether steps are shorter by the fourth root of (1 - b_t) / (1 - b). @default true for `spectral` */
  shortening?: boolean;
  /**
   * How layers share eta: 1/L each, or by s_l ‖g_l‖.
   * @default "proportional" for `spectral`, "equal" for `frobenius`
   */
  shares?: "equal" | "proportional";
  /** What the average counts of, a number in the place of 8. @default true */
  averaging?: boolean | number;
  /** Whether a row's RMS divides it, where that is larger. @default true for `spectral` */
  rowHistory?: boolean | number;
}

const DEFAULTS: Record<"spectral" | "frobenius", Required<Omit<AgdOptions, "norm">>> = {
  spectral: {
    ...{ vectors: "own", embeddings: "rows", shares: "proportional" },
    ...{ momentum: 0.8, growth: true, nesterov: true, cautious: true, shortening: true },
    ...{ rowHistory: true, averaging: true },
  },
  frobenius: {
    ...{ vectors: "grouped", embeddings: "matrix", shares: "equal" },
    ...{ momentum: 0, growth: false, nesterov: false, cautious: false, shortening: false },
    ...{ rowHistory: false, averaging: true },
  },
};

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

/** How one layer, or one vector, is about to move: by -pace · eta · share · scale · direction. */
interface Move {
  name: string;
  rows: number;
  parts: number;
  part: number;
  /** s, the layer's natural size. */
  scale: number;
  direction: Float64Array;
  /** The gradient's dual norm. */
  dual: number;
  /** Whether it enters G, as a vector's does not. */
  counted: boolean;
  /** Whether it is neither a vector nor taken row by row. */
  isMatrix: boolean;
}

/** What is so of every vector. */
const VECTOR = { counted: false, isMatrix: false };

/** A number that may be set, or is what it usually is. */
const memoryOf = (set: boolean | number, usual: number) => typeof set === "number" ? set : usual;

const isVector = (spec: ParameterSpec) => spec.shape.length === 1;
const rowsOf = (spec: ParameterSpec) => isVector(spec) ? 1 : spec.shape[0];
/** s of embeddings by rows: min(1, ln V / √C). */
function rowSize(table: ParameterSpec[]): number {
  const { shape: [V, C = 1] } = table.find(({ name }) => name === "wte.weight")!;
  return Math.min(1, Math.log(V) / Math.sqrt(C));
}
const naturalSize = (spec: ParameterSpec) => Math.sqrt(spec.fanOut / spec.fanIn);

/** A direction of steepest descent, and the gradient's dual norm. */
interface Steepest {
  direction: Float64Array;
  dual: number;
}

/** A matrix by the Frobenius norm, which is its own dual. */
function byFrobenius(g: Float64Array): Steepest {
  return { direction: quotient(g, norm(g)), dual: norm(g) };
}

/**
 * The maps of `heads` side by side by the operator norm: the polar factors of their groups, and the
 * sum of the nuclear norms ⟨g, D(g)⟩.
 */
function byOperatorNorm(g: Float64Array, rows: number, heads = 1): Steepest {
  const direction = polarOfHeads(g, rows, heads);
  return { direction, dual: g.reduce((sum, value, i) => sum + value * direction[i], 0) };
}

/**
 * An embedding by its rows' 2-norms, or what each is divided by: the larger of that norm and `sizes`.
 */
function byRows(g: Float64Array, rows: number, sizes: Float64Array): Steepest {
  const columns = g.length / rows;
  const direction = new Float64Array(g.length);
  let dual = 0;
  for (let r = 0; r < rows; r++) {
    const row = g.subarray(r * columns, (r + 1) * columns);
    direction.set(quotient(row, Math.max(norm(row), sizes[r])), r * columns);
    dual += norm(row);
  }
  return { direction, dual };
}

/**
 * How every trained parameter is about to move: 2D parameters by the norm that they are measured
 * by, `c_attn` as three matrices, and vectors as the options say. A vector that follows `c_attn`
 * joins it part by part.
 */
function movesOf(
  table: ParameterSpec[],
  gradients: Tensors,
  options: Required<AgdOptions>,
  rowSizes: (name: string) => Float64Array,
): Move[] {
  const moves: Move[] = [];
  /** The moves of the last weight so far. */
  let group: Move[] = [];
  for (const spec of table.filter((spec) => spec.trainable)) {
    const { name, parts } = spec;
    const g = gradients.get(name)!;
    const rows = rowsOf(spec);
    if (!isVector(spec)) {
      const isByRows = spec.role === "embedding" && options.embeddings === "rows";
      group = Array.from({ length: parts }, (_, part) => {
        const block = columnBlock(g, rows, parts, part);
        const steepest = isByRows
          ? byRows(block, rows, rowSizes(name))
          : options.norm === "frobenius"
          ? byFrobenius(block)
          : byOperatorNorm(block, rows, spec.heads);
        const scale = isByRows ? rowSize(table) : naturalSize(spec);
        return { name, rows, parts, part, scale, ...steepest, counted: true, isMatrix: !isByRows };
      });
      moves.push(...group);
    } else if (options.vectors === "grouped") {
      for (const weight of group) {
        const block = columnBlock(g, rows, group.length, weight.part);
        const direction = quotient(block, weight.dual);
        moves.push({ ...weight, name, rows, direction, ...VECTOR });
      }
    } else if (options.vectors === "own") {
      const root = Math.sqrt(g.length);
      const scale = 1 / Math.sqrt(Math.max(1, table.filter(({ residual }) => residual).length));
      const direction = quotient(g, norm(g) / root);
      const dual = root * norm(g);
      moves.push({ name, rows, parts: 1, part: 0, scale, direction, dual, ...VECTOR });
    }
  }
  return moves;
}

/** L: how many layers share the step. */
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
  readonly #options: Required<AgdOptions>;
  readonly #averageGradients: Tensors = new Map();
  /** Of the norms of each embedding's rows, the mean squares so far. */
  readonly #rowSquares: Tensors = new Map();
  #step = 0;
  /** Of the decays so far. */
  #product = 1;

  /** @param initial the parameters before the first step, which the average starts from */
  constructor(table: ParameterSpec[], initial: Tensors, options: AgdOptions = {}) {
    const { norm = "spectral" } = options;
    this.#table = table;
    this.#options = { norm, ...DEFAULTS[norm], ...options };
    for (const [name, values] of initial) this.average.set(name, values.slice());
  }

  /** Moves the trainable parameters, in place. */
  step(parameters: Tensors, gradients: Tensors): AgdStep {
    this.#step++;
    const g = this.#withMomentum(gradients);
    const moves = movesOf(this.#table, g, this.#options, (name) => this.#rowSizes(name, g));
    const L = depthOf(this.#table, this.#options.norm);
    const counted = moves.filter(({ counted }) => counted);
    const total = counted.reduce((sum, { scale, dual }) => sum + scale * dual, 0);
    const G = total / L;
    const eta = automaticStepSize(G);
    const { momentum: beta } = this.#options;
    // The length of an average of t independent unit vectors, each with (1 - β) β^k, and of ∞.
    const squares = Array.from({ length: this.#step }, (_, k) => ((1 - beta) * beta ** k) ** 2);
    const length = Math.sqrt(squares.reduce((sum, square) => sum + square));
    const grown = (1 - this.#decay()) / (1 - beta);
    const ramp = length / Math.sqrt((1 - beta) / (1 + beta));
    const pace = this.#options.shortening ? ramp * grown ** 0.25 : ramp;
    for (const { name, rows, parts, part, scale, dual, direction, isMatrix } of moves) {
      const W = parameters.get(name)!;
      if (this.#options.cautious && isMatrix) {
        const own = columnBlock(gradients.get(name)!, rows, parts, part);
        direction.forEach((D, i) => direction[i] = D < 0 === own[i] < 0 ? D : grown * D);
      }
      const proportional = total > 0 ? scale * dual / total : 0;
      const share = this.#options.shares === "equal" ? 1 / L : proportional;
      subtractFromColumnBlock(W, rows, parts, part, pace * eta * share * scale, direction);
    }

    const memory = memoryOf(this.#options.averaging, 8);
    const w = memory / (memory + this.#step);
    for (const [name, average] of this.average) {
      const W = parameters.get(name)!;
      for (let i = 0; i < W.length; i++) average[i] += w * (W[i] - average[i]);
    }
    return { eta, gradientSummary: G };
  }

  /** The root mean square of each row's norm so far, step t counting 2 / (1 + t); or zeros. */
  #rowSizes(name: string, gradients: Tensors): Float64Array {
    const { shape: [rows, columns = 1] } = this.#table.find((spec) => spec.name === name)!;
    if (!this.#options.rowHistory) return new Float64Array(rows);
    const memory = memoryOf(this.#options.rowHistory, 2);
    const squares = this.#rowSquares.get(name) ?? new Float64Array(rows);
    this.#rowSquares.set(name, squares);
    for (let r = 0; r < rows; r++) {
      const size = norm(gradients.get(name)!.subarray(r * columns, (r + 1) * columns));
      squares[r] += memory / (memory - 1 + this.#step) * (size ** 2 - squares[r]);
    }
    return squares.map(Math.sqrt);
  }

  /** b_t, momentum's decay at this step. */
  #decay(): number {
    const { momentum, growth } = this.#options;
    const grown = 1 - memoryOf(growth, 15) / this.#step;
    return growth && momentum > 0 ? Math.max(momentum, grown) : momentum;
  }

  /** How the weight of the step's own gradient fades with that of the last one in the average. */
  #fading(name: string): number {
    const spec = this.#table.find((spec) => spec.name === name)!;
    if (isVector(spec)) return 1;
    if (spec.role === "embedding" && this.#options.embeddings === "rows") return 0.5;
    return this.#options.norm === "spectral" ? 0 : 1;
  }

  /**
   * m ← β m + (1 - β) g, over 1 less the product of all β so far, which corrects its start at 0.
   * Nesterov's is what m and its correction would be next if g came once more, by a β of its own.
   */
  #withMomentum(gradients: Tensors): Tensors {
    const { momentum, nesterov } = this.#options;
    const beta = this.#decay();
    this.#product *= beta;
    const average = (m: Float64Array, g: Float64Array, decay: number) =>
      m.map((value, i) => decay * value + (1 - decay) * g[i]);
    const corrected: Tensors = new Map();
    for (const [name, g] of gradients) {
      const m = average(this.#averageGradients.get(name) ?? new Float64Array(g.length), g, beta);
      this.#averageGradients.set(name, m);
      const kept = 1 - (1 - momentum) * ((1 - beta) / (1 - momentum)) ** this.#fading(name);
      const taken = nesterov ? average(m, g, kept) : m;
      const start = nesterov ? kept * this.#product : this.#product;
      corrected.set(name, taken.map((value) => value / (1 - start)));
    }
    return corrected;
  }
}
