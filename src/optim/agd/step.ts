import type { Gpu } from "../../gpu/gpu.ts";
import { f32, type Plan, spread } from "../../gpu/plan.ts";
import type { Tensor } from "../../gpu/tensor.ts";
import type { ParameterSpec } from "../../model/parameters.ts";
import type { TensorMap } from "../../model/weights.ts";
import { READ, reading } from "../../ops/includes.ts";
import { rowThreads } from "../../ops/threads.ts";
import { elementwise, type Span, spansOf } from "../spans.ts";
import { CHUNK, chunksOf, chunkTables, partialCount } from "./chunks.ts";
import { type AgdLayers, type LayerPart, measureOf } from "./layers.ts";
import { type AgdSettings, FADING, growingFrom, memoryOf } from "./options.ts";
import { PartialSums } from "./partial_sums.ts";
import { appendPolarFactors } from "./polar.ts";
import { appendRows } from "./rows.ts";
import type { Sharing } from "./sharing.ts";
import momentumSource from "../../../wgsl/optim/agd/momentum.wgsl" with { type: "text" };
import stepSizeSource from "../../../wgsl/optim/agd/step_size.wgsl" with { type: "text" };
import updateSource from "../../../wgsl/optim/agd/update.wgsl" with { type: "text" };

/** A step that is being put together. */
export interface UnfinishedStep {
  gpu: Gpu;
  plan: Plan;
  /** What comes once all directions are there: the same plan, unless they are shared out. */
  rest: Plan;
  sharing?: Sharing;
  settings: AgdSettings;
  layers: AgdLayers;
  /** [0]: whether the step is skipped, [1]: t, [2]: b^t */
  progress: Tensor;
}

/**
 * m <- b m + (1 - b) g, and g <- m / (1 - b^t); Nesterov's looks a step ahead, and b may grow with t:
 * the formulas are in momentum.wgsl.
 */
export function averageGradients(
  { gpu, plan, settings, progress }: UnfinishedStep,
  specs: readonly ParameterSpec[],
  gradients: TensorMap,
  averages: TensorMap,
): void {
  const { momentum, nesterov, growth, cautious } = settings;
  const constants = {
    NESTEROV: nesterov,
    GROWTH: memoryOf("growth", growth),
    CAUTIOUS: cautious,
  };
  const kernel = ["agd_momentum", momentumSource, constants] as const;
  const fadingOf = (spec: ParameterSpec) => FADING[measureOf(spec, settings)];
  for (const span of spansOf(gpu, specs, [gradients, averages], fadingOf)) {
    const fading = fadingOf(span.segments[0].spec);
    elementwise(gpu, plan, kernel, [progress], [span], [f32(momentum), f32(fading)], 0);
  }
}

/**
 * g_l <- D(g_l); but where that is g_l / |g_l|, g_l stays, and is divided when the weights move.
 *
 * @returns (dual norms): |g_l|, or its square where g_l stays; of a vector of n elements the 2-norm,
 * since the factor sqrt(n) of its D(g) and of its dual norm is part of its s
 */
export function takeDirections(
  { gpu, plan, rest, sharing, settings, layers, progress }: UnfinishedStep,
  parts: readonly LayerPart[],
  rowSquares: TensorMap,
  gradients: TensorMap,
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
  const planOf = (part: LayerPart) => !sharing || sharing.isOwn(part) ? plan : sharing.others;
  appendPolarFactors(operator, gradient, sums, planOf);
  plan.section("");
  // Embeddings by rows: D(g) divides each by its 2-norm, and |g| is the sum of those.
  for (const [part, dual] of rows) {
    const before = rowSquares.get(part.spec.name);
    const memory = memoryOf("rowHistory", settings.rowHistory);
    const history = before && { progress, squares: before, memory };
    appendRows(part, gradient, sums, dual, { descent: true, history });
  }
  const duals = gpu.tensor("agd dual norms", [counts.length]);
  plan.own(duals);
  sums.join(duals, { plan: rest });
  const byName = Map.groupBy(operator, ([{ spec }]) => spec.name);
  sharing?.bring(
    new Map([...byName].map(([name, parts]) => [
      name,
      [gradients.get(name)!, ...parts.map(([, dual]) => sums.partialsOf(dual))],
    ])),
  );
  return duals;
}

/**
 * G = 1/L sum_l s_l |g_l|, and eta = log((1 + sqrt(1 + 4 G)) / 2)
 *
 * @returns (layers): p eta c_l s_l
 */
export function automaticStepSize(
  { gpu, rest: plan, settings, layers, progress }: UnfinishedStep,
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
    SHORTENING: settings.shortening,
  };
  const kernel = gpu.kernel("agd_step_size", stepSizeSource, constants);
  const tensors = [table, duals, coefficients, summary, progress];
  const numbers = [count, f32(layers.depth), f32(growingFrom(settings))];
  plan.dispatch(kernel, [1], numbers, tensors);
  return coefficients;
}

/**
 * W_l <- W_l - p eta c_l s_l D(g_l), and average <- average + 8 / (8 + t) (W - average). Where a
 * cautious matrix's D points against the gradient, it counts by (1 - b_t) / (1 - b), which is 1 until
 * momentum's memory grows.
 */
export function updateWeights(
  { gpu, rest: plan, settings, progress }: UnfinishedStep,
  parts: readonly LayerPart[],
  coefficients: Tensor,
): void {
  const { averaging, cautious } = settings;
  const growing = growingFrom(settings);
  const { TEXELS, read } = reading(gpu, [], false);
  const writes = averaging ? 2 : 1;
  const constants = {
    THREADS: rowThreads(gpu),
    TEXELS,
    AVERAGING: memoryOf("averaging", averaging),
    WEIGHT_FROM: 5 + writes,
    MOMENTUM: 5 + writes * (TEXELS ? 2 : 1),
  };
  const isCautious = ({ spec, measure }: LayerPart) =>
    cautious && spec.shape.length === 2 && measure !== "rows";
  for (const [CAUTIOUS, members] of Map.groupBy(parts, isCautious)) {
    const kernel = gpu.kernel("agd_update", updateSource, { ...constants, CAUTIOUS }, {
      ...CHUNK,
      ...READ,
    });
    const chunks = members.flatMap((part) =>
      chunksOf(part).map((chunk) => ({ ...chunk, index: part.layer }))
    );
    for (const { span, chunks: table, count } of chunkTables(gpu, plan, chunks)) {
      const [direction, ...others] = span.tensors;
      const [written, signs] = [others.slice(0, writes), others.slice(writes)];
      plan.dispatch(kernel, spread(count), [count, f32(growing)], [
        ...[progress, coefficients, table, read(direction), ...written],
        ...TEXELS ? written.map((tensor) => read(tensor)) : [],
        ...CAUTIOUS ? signs.map((tensor) => read(tensor)) : [],
      ]);
    }
  }
}
