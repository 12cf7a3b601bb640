import type { Gpu } from "../../gpu/gpu.ts";
import { type Plan, spread } from "../../gpu/plan.ts";
import type { Tensor } from "../../gpu/tensor.ts";
import type { TensorMap } from "../../model/weights.ts";
import { WORKGROUP_SUM } from "../../ops/includes.ts";
import { rowThreads } from "../../ops/threads.ts";
import { blocksOf, type ChunkedRun, cutRuns, joinPartials, sumSquares } from "./chunks.ts";
import { type AgdLayers, isByRows, type Range } from "./layers.ts";
import type { AgdSettings } from "./options.ts";
import { appendPolarFactors, type LinearMap, partsOf } from "./polar.ts";
import type { Run, Segment } from "../runs.ts";
import rowsSource from "../../../wgsl/optim/agd/rows.wgsl" with { type: "text" };

/** Directions of steepest descent in place of the gradients, and the dual norms. */
export interface Directions {
  /** (layers and more): each layer's dual norm or its square, as its rule says. */
  sums: Tensor;
  /** The runs in chunks. */
  chunked: ChunkedRun[];
  /** To be freed with the optimiser. */
  scratch: Tensor[];
}

/** What embedding rows were like in the steps before, and how many steps those were. */
export interface RowHistory {
  /** [0]: whether the step is skipped, [1]: steps done, this one included. */
  progress: Tensor;
  /** (rows) of each embedding with a history: the mean squares of its rows' norms. */
  rowSquares: TensorMap;
}

/**
 * Appends what turns every gradient into its direction of steepest descent, in place, and the dual
 * norms. Where that is the gradient over its dual norm, the gradient stays and the norm will divide.
 *
 * @param runs Runs whose first tensors are the gradients.
 */
export function appendDirections(
  gpu: Gpu,
  plan: Plan,
  runs: readonly Run[],
  layers: AgdLayers,
  settings: AgdSettings,
  { progress, rowSquares }: RowHistory,
): Directions {
  const gradient = ({ tensors }: Run) => tensors[0];
  const isMap = ({ spec }: Segment) => spec.shape.length === 2 && !isByRows(spec, settings);
  const isSpectral = settings.norm === "spectral";
  let partialCount = 0;

  // Where the partial sums of each norm are.
  const squares = new Map<number, Range>(); // of the maps whose polar factors are taken, by layer
  const squaresOf = (segment: Segment, layer: number): Range | undefined => {
    const { dual } = layers.layers[layer];
    const isVector = segment.spec.shape.length === 1;
    if (isVector) return settings.vectors === "own" ? dual : undefined;
    if (!isMap(segment)) return undefined;
    if (!isSpectral) return dual;
    const range = { first: 0, count: 0 };
    squares.set(layer, range);
    return range;
  };
  const chunked = cutRuns(gpu, runs, layers, squaresOf, () => partialCount++);
  const embeddings: { run: Run; segment: Segment; first: number; start: number }[] = [];
  const maps: LinearMap[] = [];
  for (const run of runs) {
    for (const segment of run.segments) {
      const { spec, rows } = segment;
      if (isMap(segment) && isSpectral) {
        refuseSlices(gpu, segment);
        for (const block of blocksOf(segment, layers)) {
          const products = partialCount;
          partialCount += partsOf(block);
          const dual = layers.layers[block.layer].dual;
          Object.assign(dual, { first: products, count: partsOf(block) });
          const at = layers.layers.length + maps.length; // as they were asked for
          maps.push({ ...block, run, squares: at, products });
        }
      } else if (isByRows(spec, settings)) {
        const { dual } = layers.layers[layers.of(spec).first];
        if (dual.count === 0) dual.first = partialCount;
        embeddings.push({ run, segment, first: partialCount, start: dual.count });
        dual.count += rows;
        partialCount += rows;
      }
    }
  }

  const partials = gpu.tensor("agd partial sums", [partialCount]);
  const all = [...layers.layers.map(({ dual }) => dual), ...squares.values()];
  const ranges = gpu.tensorFrom(
    "agd ranges",
    [all.length, 2],
    Uint32Array.from(all.flatMap(({ first, count }) => [first, count])),
  );
  const sums = gpu.tensor("agd sums", [all.length]);
  const addUp = (first: number, count: number) => {
    joinPartials(gpu, plan, { first, count }, ranges, partials, sums);
  };

  sumSquares(gpu, plan, chunked, gradient, partials);
  const scratch = [partials, ranges, sums, ...chunked.map(({ chunks }) => chunks)];
  if (maps.length > 0) {
    addUp(layers.layers.length, squares.size);
    const { polarSteps } = settings;
    scratch.push(
      ...appendPolarFactors(gpu, plan, maps, polarSteps, gradient, sums, partials),
    );
  }
  for (const { run, segment: { spec, offset, rows, columns }, first, start } of embeddings) {
    const history = rowSquares.get(spec.name);
    const constants = { THREADS: rowThreads(gpu), DESCENT: true, HISTORY: history !== undefined };
    plan.dispatch(
      gpu.kernel("agd_rows", rowsSource, constants, WORKGROUP_SUM),
      spread(rows),
      [rows, columns, offset, first, ...history ? [start] : []],
      [gradient(run), partials, ...history ? [progress, history] : []],
    );
  }
  addUp(0, layers.layers.length);
  return { sums, chunked, scratch };
}

/** Refuses a matrix that one binding does not cover: its polar factor is taken as a whole. */
function refuseSlices(gpu: Gpu, { spec: { name, shape }, rows }: Segment): void {
  const [wholeRows, columns = 1] = shape;
  if (rows === wholeRows) return;
  const bytes = wholeRows * columns * 4;
  gpu.refuse(`the operator norm of ${name} needs a binding of`, bytes, gpu.maxBindingBytes);
}
