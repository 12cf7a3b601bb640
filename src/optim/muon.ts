import { f32, type Plan } from "../gpu/plan.ts";
import type { Tensor } from "../gpu/tensor.ts";
import type { ParameterSpec } from "../model/parameters.ts";
import { allocateLike, type TensorMap } from "../model/weights.ts";
import { partialCount } from "./agd/chunks.ts";
import type { LayerPart } from "./agd/layers.ts";
import { PartialSums } from "./agd/partial_sums.ts";
import { appendPolarFactors } from "./agd/polar.ts";
import { guardStep } from "./guard.ts";
import { named, type OptimizerTarget, trainable } from "./optimizer.ts";
import { elementwise, type Span, spansOf } from "./spans.ts";
import { OptimizerWithRate } from "./with_rate.ts";
import adamwSource from "../../wgsl/optim/adamw.wgsl" with { type: "text" };
import momentumSource from "../../wgsl/optim/agd/momentum.wgsl" with { type: "text" };
import muonSource from "../../wgsl/optim/muon.wgsl" with { type: "text" };

/** Settings of {@linkcode Muon}. */
export interface MuonOptions {
  /** Step size of all parameters; may be changed between steps. */
  learningRate: number;
  /** Decay of the average of matrices' gradients. @default 0.95 */
  momentum?: number;
  /** AdamW's decays, of embeddings' and vectors' averages. @default [0.9, 0.95] */
  betas?: readonly [number, number];
  /** Keeps AdamW's division away from 0. @default 1e-8 */
  epsilon?: number;
  /** Decay of matrices and embeddings; vectors are not decayed. @default 0.1 */
  weightDecay?: number;
}

/**
 * Muon (Jordan et al. 2024) for matrices, AdamW for embeddings and vectors, in the form with one
 * learning rate for both (Liu et al. 2025, "Muon is scalable for LLM training", arXiv:2502.16982,
 * equation 4): with g the gradient's average, by Nesterov's momentum, and U Vᵀ its polar factor,
 *
 *     W <- W - lr (0.2 √max(fan-in, fan-out) U Vᵀ + decay W)
 *
 * so that an update has the RMS that AdamW's usually have. Query, key and value are a matrix each.
 * The polar factor is this library's own, as {@linkcode Agd} takes it, not by the published steps.
 *
 * @example
 * ```ts
 * import { Gpu, Muon, type OptimizerTarget } from "@agd/gpt2";
 *
 * using gpu = await Gpu.open();
 * const table = [{
 *   name: "weight",
 *   shape: [32, 64],
 *   role: "matrix",
 *   parts: 1,
 *   fanIn: 32,
 *   fanOut: 64,
 *   residual: false,
 *   trainable: true,
 * }] as const;
 * const tensors = () => new Map([["weight", gpu.tensor("weight", [32, 64])]]);
 * const target: OptimizerTarget = { gpu, table, weights: tensors(), gradients: tensors() };
 * using optimizer = new Muon(target, { learningRate: 0.01 });
 * gpu.write(target.gradients.get("weight")!, new Float32Array(32 * 64).fill(0.01));
 * optimizer.step();
 * console.log((await gpu.read(target.weights.get("weight")!))[0]); // below 0: downhill
 * ```
 */
export class Muon extends OptimizerWithRate {
  /** Tells its state from another optimiser's. */
  readonly kind = "muon";
  /** `progress`; of matrices the average gradient, `momentum`; of the others AdamW's `m` and `v`. */
  readonly state: TensorMap;
  /** The weights themselves. */
  readonly evaluationWeights: TensorMap;
  /** (1): 1 if the last step was skipped, else 0. */
  readonly summary: Tensor;

  /**
   * Starts from the weights as they are.
   *
   * @throws {UserError} If a matrix is larger than one binding.
   */
  constructor(target: OptimizerTarget, options: MuonOptions) {
    const { gpu } = target;
    super(gpu, options.learningRate);
    this.evaluationWeights = target.weights;
    const betas = options.betas ?? [0.9, 0.95];
    const { matrix: matrices = [], others = [] } = Object.groupBy(
      trainable(target),
      ({ role }) => role === "matrix" ? "matrix" : "others",
    );
    const [momentum, first, second] = [
      allocateLike(gpu, matrices, "muon momentum"),
      ...["muon m", "muon v"].map((label) => allocateLike(gpu, others, label)),
    ];
    const { plan } = this;
    const { summary, progress } = guardStep(target, plan, { decays: betas });
    this.summary = summary;
    this.state = new Map([
      ["progress", progress],
      ...named("momentum", momentum),
      ...named("m", first),
      ...named("v", second),
    ]);
    plan.own(...momentum.values(), ...first.values(), ...second.values());
    const shared = [progress, this.rate];
    moveMatrices(target, plan, matrices, momentum, shared, options);
    moveOthers(target, plan, others, [first, second], shared, { ...options, betas });
  }
}

/** Appends the momentum, polar factors and update of matrices. */
function moveMatrices(
  { gpu, weights, gradients }: OptimizerTarget,
  plan: Plan,
  matrices: readonly ParameterSpec[],
  averages: TensorMap,
  shared: readonly Tensor[],
  { momentum = 0.95, weightDecay = 0.1 }: MuonOptions,
): void {
  const constants = { NESTEROV: true, GROWTH: false, CAUTIOUS: false };
  const looksAhead = ["agd_momentum", momentumSource, constants] as const;
  const averaged = spansOf(gpu, matrices, [gradients, averages]);
  elementwise(gpu, plan, looksAhead, [shared[0]], averaged, [f32(momentum), f32(0)], 0);
  const parts = partsOf(spansOf(gpu, matrices, [gradients]));
  const duals = new PartialSums(gpu, plan, parts.map(partialCount));
  const gradient = ({ tensors }: Span) => tensors[0];
  plan.section("polar factors");
  appendPolarFactors(parts.map((part, sum) => [part, sum] as const), gradient, duals);
  plan.section("");
  for (const spec of matrices) {
    const spans = spansOf(gpu, [spec], [gradients, weights]);
    const scale = 0.2 * Math.sqrt(Math.max(spec.fanIn, spec.fanOut));
    elementwise(gpu, plan, ["muon", muonSource], shared, spans, [f32(scale), f32(weightDecay)], 1);
  }
}

/** Each linear map, of which one parameter may hold several, as a part whose polar factor is whole. */
function partsOf(spans: readonly Span[]): LayerPart[] {
  return spans.flatMap((span) =>
    span.segments.flatMap(({ spec, offset, rows, columns: stride }) => {
      const columns = stride / spec.parts;
      return Array.from({ length: spec.parts }, (_, i): LayerPart => ({
        spec: { ...spec, heads: 1 },
        ...{ measure: "operator", layer: 0 },
        blocks: [{ span, offset: offset + i * columns, rows, columns, stride }],
      }));
    })
  );
}

/** Appends AdamW's update of embeddings and vectors, whose gradients are not clipped. */
function moveOthers(
  { gpu, weights, gradients }: OptimizerTarget,
  plan: Plan,
  others: readonly ParameterSpec[],
  [first, second]: readonly TensorMap[],
  shared: readonly Tensor[],
  { betas, epsilon = 1e-8, weightDecay = 0.1 }: MuonOptions & Required<Pick<MuonOptions, "betas">>,
): void {
  const factor = gpu.tensorFrom("muon clipping", [1], Float32Array.of(1));
  plan.own(factor);
  for (const [dimensions, decay] of [[2, weightDecay], [1, 0]]) {
    const alike = others.filter(({ shape }) => shape.length === dimensions);
    elementwise(
      gpu,
      plan,
      ["adamw", adamwSource],
      [...shared, factor],
      spansOf(gpu, alike, [gradients, weights, first, second]),
      [f32(betas[0]), f32(betas[1]), f32(epsilon), f32(decay)],
      1,
    );
  }
}
