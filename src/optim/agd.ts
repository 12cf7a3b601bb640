import { f32, Plan } from "../gpu/plan.ts";
import type { Tensor } from "../gpu/tensor.ts";
import type { ParameterSpec } from "../model/parameters.ts";
import { allocateLike, type TensorMap } from "../model/weights.ts";
import { AgdLayers } from "./agd_layers.ts";
import { frobeniusDirections, spectralDirections } from "./agd_directions.ts";
import { elementwise } from "./elementwise.ts";
import { named, type Optimizer, type OptimizerTarget, trainable } from "./optimizer.ts";
import interpolateSource from "../../wgsl/interpolate.wgsl" with { type: "text" };
import stepSizeSource from "../../wgsl/agd_step_size.wgsl" with { type: "text" };
import updateSource from "../../wgsl/agd_update.wgsl" with { type: "text" };

/** How AGD measures gradients and weights. */
export type AgdNorm = "frobenius" | "spectral";

/** Settings of {@linkcode Agd}. None of them is a step size. */
export interface AgdOptions {
  /**
   * `frobenius`: as published. `spectral`: each parameter by the norm natural to it: matrices by
   * the operator norm, embeddings row by row, vectors by their RMS.
   * @default "spectral"
   */
  norm?: AgdNorm;
}

/** Decay of the average that stands for the gradient under the spectral norm. */
const MOMENTUM = 0.9;
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
 * there L counts two-dimensional parameters, and vectors do not enter G.
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
  /** Tells its state from that of the other norm. */
  readonly kind: string;
  /** Steps done. */
  steps = 0;
  /** `spectral`: the average of the gradient, `momentum`. `frobenius`: nothing. */
  readonly state: TensorMap;
  /** (2): eta and G of the last step. */
  readonly summary: Tensor;
  /** `spectral`: an average of the iterates. `frobenius`: the weights themselves. */
  readonly evaluationWeights: TensorMap;
  readonly #target: OptimizerTarget;
  readonly #momentum: number;
  readonly #plan: Plan;
  readonly #scalars: Tensor;
  readonly #owned: Tensor[];

  /** Starts from the weights as they are; see {@linkcode Initialisation}. */
  constructor(target: OptimizerTarget, options: AgdOptions = {}) {
    const { gpu, weights, gradients } = target;
    const { norm = "spectral" } = options;
    const specs = trainable(target);
    const layers = new AgdLayers(gpu, specs, norm);
    this.#target = target;
    this.kind = `agd ${norm}`;
    this.#momentum = norm === "spectral" ? MOMENTUM : 0;
    this.#scalars = gpu.tensor("agd scalars", [2]);
    this.summary = gpu.tensor("agd summary", [2]);
    const coefficients = gpu.tensor("agd coefficients", [layers.count]);
    this.#owned = [this.#scalars, this.summary, coefficients];

    const plan = this.#plan = new Plan(gpu);
    const each = (map: TensorMap, { name }: ParameterSpec) => map.get(name)!;
    if (norm === "spectral") {
      const averages = allocateLike(gpu, specs, "agd momentum");
      for (const spec of specs) {
        elementwise(
          gpu,
          plan,
          ["interpolate", interpolateSource, { VARYING: false }],
          [each(gradients, spec), each(averages, spec)],
          [f32(1 - MOMENTUM)],
        );
      }
      const scratch = spectralDirections(gpu, plan, specs, layers, averages, gradients);
      this.#owned.push(...averages.values(), ...scratch);
      this.state = new Map(named("momentum", averages));
    } else {
      frobeniusDirections(plan, specs, layers, gradients);
      this.state = new Map();
    }
    layers.upload();
    this.#owned.push(layers.table, layers.partials);

    plan.dispatch(
      gpu.kernel("agd_step_size", stepSizeSource, {
        THREADS: gpu.isSoftware ? 8 : 64,
        FROBENIUS: norm === "frobenius",
      }),
      [1],
      [layers.count, f32(layers.depth)],
      [layers.table, layers.partials, this.#scalars, coefficients, this.summary],
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

    if (norm === "frobenius") {
      this.evaluationWeights = weights;
      return;
    }
    const average = allocateLike(gpu, specs, "average");
    for (const spec of specs) {
      elementwise(
        gpu,
        plan,
        ["interpolate", interpolateSource, { VARYING: true }],
        [each(weights, spec), each(average, spec)],
        [f32(0), 1],
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
    const correction = 1 / (1 - this.#momentum ** this.steps);
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
