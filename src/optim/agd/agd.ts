import { Plan } from "../../gpu/plan.ts";
import type { Tensor } from "../../gpu/tensor.ts";
import { allocateLike, copyWeights, type TensorMap } from "../../model/weights.ts";
import { guardStep } from "../guard.ts";
import {
  named,
  type Norms,
  type Optimizer,
  type OptimizerTarget,
  trainable,
} from "../optimizer.ts";
import { spansOf } from "../spans.ts";
import { AgdLayers, measureOf } from "./layers.ts";
import { AgdNorms } from "./norms.ts";
import { type AgdOptions, agdSettings, spellOutAgd } from "./options.ts";
import { Sharing } from "./sharing.ts";
import {
  automaticStepSize,
  averageGradients,
  takeDirections,
  type UnfinishedStep,
  updateWeights,
} from "./step.ts";

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
 * `spectral` replaces the gradient by its average (Nesterov's momentum, 0.8, and 1 - 15 / t once
 * that is more, beside which a matrix's own gradient of the step keeps the weight of a fifth, that of
 * a row of an embedding falls as 1 / sqrt(t) from there, and that of a vector as 1 / t) and evaluates
 * on an average of the iterates. It takes the polar factor of each matrix's gradient, of query, key and
 * value for two groups of heads each, with less of what points against the step's own gradient the
 * longer the average (75 / t from step 75 on), and each vector by its RMS (s = 1 / sqrt(R), where R
 * projections lead back into the residual stream). An embedding row it divides by its 2-norm or,
 * where that is larger, by the root mean square of that norm so far: with steps of one length a rare
 * token's row would follow the many small gradients and forget the few large ones. Shorter rows
 * count in G and in shares by the whole of their norm. Rows have s = min(1, ln V / sqrt(C)), with V
 * tokens and width C: as the last layer norm puts out vectors of length sqrt(C), logits then change
 * alike at every width. There L counts two-dimensional parameters, and vectors do not enter G.
 *
 * Its shares are proportional: c_l = s_l |g_l| / sum_k s_k |g_k|. The bound from which eta follows
 * depends on the sum of the relative changes alone, the product of 1 + eta c_l being at most
 * exp(eta), however it is shared. And with momentum b, p = sqrt(1 - b^2t) at step t: the length that
 * a plain average started at 0, its start not corrected, has after t independent unit gradients, as
 * a fraction of its length after many. From step 75 on, when momentum's memory grows, p is also
 * multiplied by the fourth root of 75 / t. {@linkcode AgdOptions} takes either method apart.
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
   * the average gradient, `momentum`, of which the last bit is the last gradient's sign, if AGD is
   * cautious; with a history the mean squares of rows, `row_squares`.
   */
  readonly state: TensorMap;
  /** (3): 1 if the last step was skipped, else 0; its eta, before p, and G. */
  readonly summary: Tensor;
  /** With averaging: an average of the iterates. Otherwise the weights themselves. */
  readonly evaluationWeights: TensorMap;
  readonly #plan: Plan;
  /** Where polar factors are shared out, and what follows once all are there. */
  readonly #sharing?: Sharing;
  readonly #rest: Plan;
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
    const { momentum, averaging, rowHistory, cautious } = settings;
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
    const step: UnfinishedStep = { gpu, plan, rest: plan, settings, layers, progress };
    if (momentum > 0) averageGradients(step, specs, gradients, averages);
    const spans = spansOf(gpu, specs, [
      ...[gradients, weights],
      ...averaging ? [iterates] : [],
      ...cautious ? [averages] : [],
    ]);
    const parts = layers.partsOf(spans);
    if (target.communicator && target.communicator.size > 1) {
      const polar = parts.filter(({ measure }) => measure === "operator");
      step.sharing = this.#sharing = new Sharing(gpu, target.communicator, polar);
      step.rest = new Plan(gpu);
    }
    this.#rest = step.rest;
    const duals = takeDirections(step, parts, rowSquares, gradients);
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

  /**
   * Submits one update of the weights from the gradients; returns at once, unless polar factors are
   * shared out among processes.
   */
  step(): void | Promise<number> {
    this.#plan.run();
    return this.#sharing?.complete().then((waited) => {
      this.#rest.run();
      return waited;
    });
  }

  /** How polar factors are shared out among processes, once that is known. */
  get sharing(): string | undefined {
    return this.#sharing?.toString();
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
    const shared = this.#sharing ? [this.#sharing.others, this.#rest] : [];
    return [this.#plan, ...shared, this.#norms.plan];
  }

  /** Frees the optimiser's state. */
  [Symbol.dispose](): void {
    this.#norms[Symbol.dispose]();
    this.#sharing?.[Symbol.dispose]();
    this.#rest[Symbol.dispose]();
    this.#plan[Symbol.dispose]();
  }
}
