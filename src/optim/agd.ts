import { f32, Plan } from "../gpu/plan.ts";
import type { Tensor } from "../gpu/tensor.ts";
import type { ParameterSpec } from "../model/parameters.ts";
import { allocateLike, type TensorMap } from "../model/weights.ts";
import { appendDirections } from "./agd_directions.ts";
import { AgdLayers } from "./agd_layers.ts";
import { type AgdOptions, type AgdSettings, agdSettings, describeAgd } from "./agd_options.ts";
import { elementwise } from "./elementwise.ts";
import { named, type Optimizer, type OptimizerTarget, trainable } from "./optimizer.ts";
import interpolateSource from "../../wgsl/interpolate.wgsl" with { type: "text" };
import momentumSource from "../../wgsl/agd_momentum.wgsl" with { type: "text" };
import stepSizeSource from "../../wgsl/agd_step_size.wgsl" with { type: "text" };
import updateSource from "../../wgsl/agd_update.wgsl" with { type: "text" };

/** The average of the iterates moves by this over this plus the number of steps. */
const AVERAGING = 8;

/**
 * Automatic Gradient Descent (Bernstein, Mingard, Huang, Azizan and Yue 2023, arXiv:2304.05187):
 * the step size follows from the architecture and the gradient. With s_l = sqrt(fan-out / fan-in)
 * the natural size of layer l, D(g) the direction of steepest descent under its norm, |g| the
 * dual norm, and L layers:
 *
 *     G   = 1/L * sum_l s_l |g_l|                     gradient summary
 *     eta = log((1 + sqrt(1 + 4 G)) / 2)              automatic step size
 *     W_l <- W_l - eta/L * s_l * D(g_l)
 *
 * `frobenius` is the published method, without state: D(g) = g / |g|_F, a vector joins the last
 * matrix before it, and L counts query, key and value each. `spectral` replaces the gradient by
 * its average (momentum 0.9), takes the polar factor of each matrix's gradient, each embedding
 * row by its own 2-norm and each vector by its RMS, and evaluates on an average of the iterates;
 * there L counts two-dimensional parameters, and vectors do not enter G. {@linkcode AgdOptions}
 * takes either apart.
 *
 * @example
 * ```ts no-run
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
 * const optimizer = new Agd(target);
 * gpu.write(target.gradients.get("weight")!, new Float32Array(128 * 512).fill(0.01));
 * optimizer.step();
 * console.log(await gpu.read(target.weights.get("weight")!));
 * ```
 */
export class Agd implements Optimizer {
  /** The norm and what else is not its default, e.g. `agd spectral, momentum 0`. */
  readonly kind: string;
  /** Steps done. */
  steps = 0;
  /** With momentum: the average of the gradient, `momentum`. */
  readonly state: TensorMap;
  /** (2): eta and G of the last step. */
  readonly summary: Tensor;
  /** With averaging: an average of the iterates. Otherwise the weights themselves. */
  readonly evaluationWeights: TensorMap;
  readonly #target: OptimizerTarget;
  readonly #settings: AgdSettings;
  readonly #plan: Plan;
  readonly #scalars: Tensor;
  readonly #owned: Tensor[];

  /**
   * Starts from the weights as they are; see {@linkcode Initialisation}.
   *
   * @throws {UsageError} If the options do not go together, or not with the table.
   */
  constructor(target: OptimizerTarget, options: AgdOptions = {}) {
    const { gpu, weights, gradients } = target;
    const settings = this.#settings = agdSettings(options);
    const moves = ({ shape }: ParameterSpec) => shape.length === 2 || settings.vectors !== "none";
    const specs = trainable(target).filter(moves);
    const layers = new AgdLayers(gpu, specs, settings);
    this.#target = target;
    this.kind = describeAgd(settings);
    this.#scalars = gpu.tensor("agd scalars", [2]);
    this.summary = gpu.tensor("agd summary", [2]);
    const coefficients = gpu.tensor("agd coefficients", [layers.count]);
    this.#owned = [this.#scalars, this.summary, coefficients];

    const plan = this.#plan = new Plan(gpu);
    const each = (map: TensorMap, { name }: ParameterSpec) => map.get(name)!;
    const averaged = settings.momentum > 0 ? specs : [];
    const momentum = allocateLike(gpu, averaged, "agd momentum");
    for (const spec of averaged) {
      elementwise(
        gpu,
        plan,
        ["agd_momentum", momentumSource, { NESTEROV: settings.nesterov }],
        [each(gradients, spec), each(momentum, spec)],
        [f32(settings.momentum)],
        [this.#scalars],
      );
    }
    this.state = new Map(named("momentum", momentum));
    this.#owned.push(...momentum.values());

    const scratch = appendDirections(gpu, plan, specs, layers, settings, gradients);
    layers.upload();
    this.#owned.push(...scratch, layers.table, layers.partials);
    plan.dispatch(
      gpu.kernel("agd_step_size", stepSizeSource, { THREADS: gpu.isSoftware ? 8 : 64 }),
      [1],
      [layers.count, f32(layers.depth)],
      [layers.table, layers.partials, coefficients, this.summary],
    );
    for (const spec of specs) {
      const columns = spec.shape.at(-1)!;
      const { first, parts } = layers.of(spec);
      elementwise(
        gpu,
        plan,
        ["agd_update", updateSource],
        [each(weights, spec), each(gradients, spec)],
        [columns, columns / parts, first],
        [coefficients],
      );
    }

    if (!settings.averaging) {
      this.evaluationWeights = weights;
      return;
    }
    const average = allocateLike(gpu, specs, "average");
    for (const spec of specs) {
      elementwise(
        gpu,
        plan,
        ["interpolate", interpolateSource],
        [each(weights, spec), each(average, spec)],
        [1],
        [this.#scalars],
      );
    }
    this.#owned.push(...average.values());
    this.evaluationWeights = new Map([...weights, ...average]);
    this.#startAverage(specs);
  }

  /** The average starts as a copy of the weights. */
  #startAverage(specs: readonly ParameterSpec[]): void {
    using plan = new Plan(this.#target.gpu);
    for (const { name } of specs) {
      plan.copy(this.#target.weights.get(name)!, this.evaluationWeights.get(name)!);
    }
    plan.run();
  }

  /** Submits one update of the weights from the gradients; returns at once. */
  step(): void {
    this.steps++;
    const { momentum, nesterov } = this.#settings;
    const correction = 1 / (1 - momentum ** (nesterov ? this.steps + 1 : this.steps));
    const averaging = AVERAGING / (AVERAGING + this.steps);
    this.#target.gpu.write(this.#scalars, Float32Array.of(correction, averaging));
    this.#plan.run();
  }

  /** Frees the optimiser's state. */
  dispose(): void {
    this.#plan[Symbol.dispose]();
    this.#target.gpu.free(...this.#owned);
  }
}
