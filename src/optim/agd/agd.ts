import type { Gpu } from "../../gpu/gpu.ts";
import { f32, Plan, spread } from "../../gpu/plan.ts";
import type { Tensor } from "../../gpu/tensor.ts";
import type { ParameterSpec } from "../../model/parameters.ts";
import { allocateLike, copyWeights, type TensorMap } from "../../model/weights.ts";
import { READ, reading } from "../../ops/includes.ts";
import { rowThreads } from "../../ops/threads.ts";
import { guardStep } from "../guard.ts";
import {
  named,
  type Norms,
  type Optimizer,
  type OptimizerTarget,
  trainable,
} from "../optimizer.ts";
import { elementwise, type Span, spansOf } from "../spans.ts";
import { CHUNK, chunksOf, chunkTables, partialCount } from "./chunks.ts";
import { AgdLayers, type LayerPart, measureOf } from "./layers.ts";
import { AgdNorms } from "./norms.ts";
import { type AgdOptions, type AgdSettings, agdSettings, spellOutAgd } from "./options.ts";
import { PartialSums } from "./partial_sums.ts";
import { appendPolarFactors } from "./polar.ts";
import { appendRows } from "./rows.ts";
import momentumSource from "../../../wgsl/optim/agd/momentum.wgsl" with { type: "text" };
import stepSizeSource from "../../../wgsl/optim/agd/step_size.wgsl" with { type: "text" };
import updateSource from "../../../wgsl/optim/agd/update.wgsl" with { type: "text" };

/**
 * Automatic Gradient Descent (Bernstein, Mingard, Huang, Azizan and Yue 2023, arXiv:2304.05187):
 * the step size follows from the architecture and the gradient. With s_l = sqrt(fan-out / fan-in)
 * the natural size of layer l, D(g) the direction of steepest descent under its norm, |g| the
 * dual norm, and L layers:
 *
 *     G   = 1/L * sum_l s_l |g_l|                     gradient summary
 *     eta = log((1 + sqrt(1 + 4 G)) / 2)              automatic step size
 *     W_l <- W_l - p * eta * c_l * s_l * D(g_l)       c_l: the layer's share of eta
 *
 * `frobenius` is the published method, without state: D(g) = g / |g|_F, p = 1, c_l = 1/L, a vector
 * joins the last matrix before it, and L counts query, key and value each.
 *
 * `spectral` replaces the gradient by its average (Nesterov's momentum, 0.9, and 1 - 30 / t once
 * that is more) and evaluates on an average of the iterates. It takes the polar factor of each
 * matrix's gradient, of query, key and value for two groups of heads each, and each vector by its RMS (s = 1 / sqrt(R), where R projections lead back into
 * the residual stream). An embedding row it divides by its 2-norm or, where that is larger, by the
 * root mean square of that norm so far: with steps of one length a rare token's row would follow the
 * many small gradients and forget the few large ones. Shorter rows count in G and in shares by the
 * whole of their norm. Rows have s = min(1, ln V / sqrt(C)), with V tokens and width C: as the last
 * layer norm puts out vectors of length sqrt(C), logits then change alike at every width. There L
 * counts two-dimensional parameters, and vectors do not enter G.
 *
 * Its shares are proportional: c_l = s_l |g_l| / sum_k s_k |g_k|. The bound from which eta follows
 * depends on the sum of the relative changes alone, the product of 1 + eta c_l being at most
 * exp(eta), however it is shared. And with momentum b, p = sqrt(1 - b^2t) at step t: the length that
 * a plain average started at 0, its start not corrected, has after t independent unit gradients, as
 * a fraction of its length after many. {@linkcode AgdOptions} takes either method apart.
 *
 * @example
 * ```ts
 * import { Agd, Gpu, type OptimizerTarget } from "@agd/gpt2";
 *
 * using gpu = await Gpu.open();
 * const table = [{
 *   name: "weight",
 *   shape: [128, 512],
 *   role: "matrix",
 *   parts: 1,
 *   fanIn: 128,
 *   fanOut: 512,
 *   residual: false,
 *   trainable: true,
 * }] as const;
 * const tensors = () => new Map([["weight", gpu.tensor("weight", [128, 512])]]);
 * const target: OptimizerTarget = { gpu, table, weights: tensors(), gradients: tensors() };
 * using optimizer = new Agd(target);
 * gpu.write(target.gradients.get("weight")!, new Float32Array(128 * 512).fill(0.01));
 * optimizer.step();
 * console.log((await gpu.read(target.weights.get("weight")!))[0]); // below 0: downhill
 * ```
 */
export class Agd implements Optimizer {
  /** The norm and all settings, e.g. `agd frobenius, vectors grouped, embeddings matrix, …`. */
  readonly kind: string;
  /**
   * `progress`, unless there is neither momentum nor averaging nor a history of rows; with momentum
   * the average gradient, `momentum`; with a history the mean squares of rows, `row_squares`.
   */
  readonly state: TensorMap;
  /** (3): 1 if the last step was skipped, else 0; its eta, before p, and G. */
  readonly summary: Tensor;
  /** With averaging: an average of the iterates. Otherwise the weights themselves. */
  readonly evaluationWeights: TensorMap;
  readonly #plan: Plan;
  readonly #norms: AgdNorms;
  readonly #measured: [coefficients: Tensor, duals: Tensor];

  /**
   * Starts from the weights as they are; see {@linkcode Initialisation}.
   *
   * @throws {UsageError} If the options do not go together, or not with the table.
   */
  constructor(target: OptimizerTarget, options: AgdOptions = {}) {
    const { gpu, weights, gradients } = target;
    const settings = agdSettings(options);
    const { momentum, averaging, rowHistory } = settings;
    const specs = trainable(target)
      .filter(({ shape }) => shape.length === 2 || settings.vectors !== "none");
    const layers = new AgdLayers(specs, settings);
    const averages = allocateLike(gpu, momentum > 0 ? specs : [], "agd momentum");
    const rowSquares = new Map(
      specs.filter((spec) => rowHistory && measureOf(spec, settings) === "rows")
        .map(({ name, shape: [rows] }) => [name, gpu.tensor(`row squares ${name}`, [rows])]),
    );
    const iterates = averaging ? copyWeights(gpu, specs, weights, "average") : new Map();
    const plan = this.#plan = new Plan(gpu);
    plan.own(...averages.values(), ...rowSquares.values(), ...iterates.values());

    // What each step runs.
    const { summary, progress } = guardStep({ ...target, table: specs }, plan, {
      decays: [momentum],
      summarySize: 3,
    });
    const step: UnfinishedStep = { gpu, plan, settings, layers, progress };
    if (momentum > 0) averageGradients(step, specs, gradients, averages);
    const spans = spansOf(gpu, specs, [gradients, weights, ...averaging ? [iterates] : []]);
    const parts = layers.partsOf(spans);
    const duals = takeDirections(step, parts, rowSquares);
    const coefficients = automaticStepSize(step, duals, summary);
    updateWeights(step, parts, coefficients);

    this.kind = spellOutAgd(settings);
    this.summary = summary;
    this.evaluationWeights = averaging ? new Map([...weights, ...iterates]) : weights;
    const counts = momentum > 0 || averaging || rowSquares.size > 0;
    this.state = new Map([
      ...counts ? [["progress", progress] as const] : [],
      ...named("momentum", averages),
      ...named("row_squares", rowSquares),
    ]);
    this.#norms = new AgdNorms(gpu, parts, layers);
    this.#measured = [coefficients, duals];
  }

  /** Submits one update of the weights from the gradients; returns at once. */
  step(): void {
    this.#plan.run();
  }

  /**
   * Norms by group of parameters: of the gradient with its momentum the dual norms, of updates and
   * weights the operator norms of matrices (by power iterations, so slightly low; Frobenius norms
   * for `frobenius`), the longest rows of embeddings, and the RMS of vectors. The groups' gradients
   * without `vectors` add up to L G.
   */
  norms(): Promise<Norms> {
    return this.#norms.measure(...this.#measured);
  }

  /** Those of its step and of the norms. */
  get plans(): readonly Plan[] {
    return [this.#plan, this.#norms.plan];
  }

  /** Frees the optimiser's state. */
  [Symbol.dispose](): void {
    this.#norms[Symbol.dispose]();
    this.#plan[Symbol.dispose]();
  }
}

/** A step that is being put together. */
interface UnfinishedStep {
  gpu: Gpu;
  plan: Plan;
  settings: AgdSettings;
  layers: AgdLayers;
  /** [0]: whether the step is skipped, [1]: t, [2]: b^t */
  progress: Tensor;
}

/**
 * m <- b m + (1 - b) g, and g <- m / (1 - b^t); Nesterov's looks a step ahead, and b may grow with t:
 * the formulas are in momentum.wgsl.
 */
function averageGradients(
  { gpu, plan, settings: { momentum, nesterov, growth }, progress }: UnfinishedStep,
  specs: readonly ParameterSpec[],
  gradients: TensorMap,
  averages: TensorMap,
): void {
  const constants = { NESTEROV: nesterov, GROWTH: growth };
  const spans = spansOf(gpu, specs, [gradients, averages]);
  const kernel = ["agd_momentum", momentumSource, constants] as const;
  elementwise(gpu, plan, kernel, [progress], spans, [f32(momentum)], 0);
}

/**
 * g_l <- D(g_l); but where that is g_l / |g_l|, g_l stays, and is divided when the weights move.
 *
 * @returns (dual norms): |g_l|, or its square where g_l stays; of a vector of n elements the 2-norm,
 * since the factor sqrt(n) of its D(g) and of its dual norm is part of its s
 */
function takeDirections(
  { gpu, plan, settings, layers, progress }: UnfinishedStep,
  parts: readonly LayerPart[],
  rowSquares: TensorMap,
): Tensor {
  const gradient = ({ tensors }: Span) => tensors[0];
  // Vectors that are not on their own have the dual norm of a matrix.
  const measured = parts.filter(({ spec }) => spec.shape.length > 1 || settings.vectors === "own")
    .map((part) => [part, layers.layers[part.layer].dual] as const);
  const counts: number[] = [];
  for (const [part, dual] of measured) counts[dual] = partialCount(part);
  const sums = new PartialSums(gpu, plan, counts);
  const { squares = [], rows = [], operator = [] } = Object.groupBy(
    measured,
    ([{ measure }]) => measure,
  );

  // Vectors, but for the factor sqrt(n), and matrices by Frobenius' norm: D(g) = g / |g|.
  sums.addSquares(squares, gradient);
  // Matrices by the operator norm: D(g) is the polar factor, and |g| = <g, D(g)>.
  plan.section("polar factors");
  appendPolarFactors(operator, gradient, sums);
  plan.section("");
  // Embeddings by rows: D(g) divides each by its 2-norm, and |g| is the sum of those.
  for (const [part, dual] of rows) {
    const before = rowSquares.get(part.spec.name);
    const history = before && { progress, squares: before };
    appendRows(part, gradient, sums, dual, { descent: true, history });
  }
  const duals = gpu.tensor("agd dual norms", [counts.length]);
  plan.own(duals);
  sums.join(duals);
  return duals;
}

/**
 * G = 1/L sum_l s_l |g_l|, and eta = log((1 + sqrt(1 + 4 G)) / 2)
 *
 * @returns (layers): p eta c_l s_l
 */
function automaticStepSize(
  { gpu, plan, settings, layers, progress }: UnfinishedStep,
  duals: Tensor,
  summary: Tensor,
): Tensor {
  const count = layers.layers.length;
  const table = gpu.tensorFrom("agd layers", [count, 3], layers.table);
  const coefficients = gpu.tensor("agd coefficients", [count]);
  plan.own(table, coefficients);
  const constants = {
    THREADS: gpu.isSoftware ? 8 : 64,
    PROPORTIONAL: settings.shares === "proportional",
  };
  const kernel = gpu.kernel("agd_step_size", stepSizeSource, constants);
  const tensors = [table, duals, coefficients, summary, progress];
  plan.dispatch(kernel, [1], [count, f32(layers.depth)], tensors);
  return coefficients;
}

/** W_l <- W_l - p eta c_l s_l D(g_l), and average <- average + 8 / (8 + t) (W - average) */
function updateWeights(
  { gpu, plan, settings, progress }: UnfinishedStep,
  parts: readonly LayerPart[],
  coefficients: Tensor,
): void {
  const { averaging } = settings;
  const { TEXELS, read } = reading(gpu, [], false);
  const constants = {
    THREADS: rowThreads(gpu),
    TEXELS,
    AVERAGING: averaging,
    WEIGHT_FROM: averaging ? 7 : 6,
  };
  const kernel = gpu.kernel("agd_update", updateSource, constants, { ...CHUNK, ...READ });
  const chunks = parts.flatMap((part) =>
    chunksOf(part).map((chunk) => ({ ...chunk, index: part.layer }))
  );
  for (const { span, chunks: table, count } of chunkTables(gpu, plan, chunks)) {
    const [direction, ...written] = span.tensors;
    plan.dispatch(kernel, spread(count), [count], [
      ...[progress, coefficients, table, read(direction), ...written],
      ...TEXELS ? written.map((tensor) => read(tensor)) : [],
    ]);
  }
}
