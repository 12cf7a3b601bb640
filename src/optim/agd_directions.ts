import type { Gpu } from "../gpu/gpu.ts";
import { type Plan, spread } from "../gpu/plan.ts";
import { rowSlices, type Tensor } from "../gpu/tensor.ts";
import type { ParameterSpec } from "../model/parameters.ts";
import type { TensorMap } from "../model/weights.ts";
import { CUBIC, polarFactor, type PolarWorkspace, polarWorkspace, QUINTIC } from "../ops/polar.ts";
import { rowThreads, THREADS } from "../ops/threads.ts";
import { type AgdLayers, type Block, partOf } from "./agd_layers.ts";
import copyBlockSource from "../../wgsl/copy_block.wgsl" with { type: "text" };
import rowsSource from "../../wgsl/agd_rows.wgsl" with { type: "text" };
import vectorSource from "../../wgsl/agd_vector.wgsl" with { type: "text" };

/** Most bytes of one batch of matrices whose polar factors are taken together. */
const WORKSPACE_BYTES = 64 * 2 ** 20;

/** Six steps leave singular values above 0.6% of the Frobenius norm within 3% of 1. */
const POLAR_STEPS = [QUINTIC, QUINTIC, QUINTIC, QUINTIC, CUBIC, CUBIC];

/**
 * The published AGD: each matrix moves along its gradient over the gradient's Frobenius norm.
 * The gradient is its own direction, so only the norms are appended.
 */
export function frobeniusDirections(
  plan: Plan,
  specs: readonly ParameterSpec[],
  layers: AgdLayers,
  gradients: TensorMap,
): void {
  for (const spec of specs) {
    if (spec.shape.length === 1) continue;
    for (let part = 0; part < spec.parts; part++) {
      const gradient = partOf(spec, gradients.get(spec.name)!, part);
      layers.setDualNorm(layers.of(spec).first + part, layers.sumOfSquares(plan, gradient));
    }
  }
}

/**
 * The geometry-aware AGD: appends the direction of steepest descent of every parameter under its
 * own norm, read from `averages` and written to `directions`, and the dual norms.
 *
 * @returns Scratch tensors, to be freed with the optimiser.
 */
export function spectralDirections(
  gpu: Gpu,
  plan: Plan,
  specs: readonly ParameterSpec[],
  layers: AgdLayers,
  averages: TensorMap,
  directions: TensorMap,
): Tensor[] {
  const scratch: Tensor[] = [];
  for (const spec of specs) {
    const [gradient, direction] = [averages, directions].map((map) => map.get(spec.name)!);
    if (spec.role === "embedding") {
      const norms = gpu.tensor(`row norms ${spec.name}`, [spec.shape[0]]);
      scratch.push(norms);
      rowDirections(gpu, plan, gradient, direction, norms);
      const block = { tensor: norms, rows: norms.size, columns: 1, stride: 1, offset: 0 };
      layers.setDualNorm(layers.of(spec).first, layers.sum(plan, block));
    } else if (spec.role !== "matrix") {
      const kernel = gpu.kernel("agd_vector", vectorSource, { THREADS: rowThreads(gpu) });
      plan.dispatch(kernel, [1], [gradient.size], [gradient, direction]);
    }
  }
  const matrices = specs.filter((spec) => spec.role === "matrix");
  for (const [shape, maps] of byShape(matrices)) {
    const [m, n] = shape.split("x").map(Number);
    const most = Math.min(WORKSPACE_BYTES, gpu.maxBindingBytes);
    const fitting = Math.max(1, Math.floor(most / (m * n * 4)));
    const workspace = polarWorkspace(gpu, Math.min(fitting, maps.length), m, n);
    scratch.push(...Object.values(workspace));
    for (let first = 0; first < maps.length; first += fitting) {
      const batch = maps.slice(first, first + fitting);
      polarDirections(gpu, plan, batch, workspace, layers, averages, directions);
    }
  }
  return scratch;
}

function rowDirections(gpu: Gpu, plan: Plan, gradient: Tensor, direction: Tensor, norms: Tensor) {
  const [rows, columns] = gradient.shape;
  const kernel = gpu.kernel("agd_rows", rowsSource, { THREADS: rowThreads(gpu) });
  for (const { start, count } of rowSlices(rows, columns, gpu.maxBindingBytes)) {
    plan.dispatch(
      kernel,
      spread(count),
      [count, columns, start],
      [gradient.rows(start, count), direction.rows(start, count), norms],
    );
  }
}

/** One linear map of a matrix parameter. */
interface LinearMap {
  spec: ParameterSpec;
  part: number;
}

/** All linear maps by the shape of the wider of the map and its transpose, as `rows x columns`. */
function byShape(specs: readonly ParameterSpec[]): Map<string, LinearMap[]> {
  const groups = new Map<string, LinearMap[]>();
  for (const spec of specs) {
    const shape = [spec.fanIn, spec.fanOut].sort((a, b) => a - b).join("x");
    const group = groups.get(shape) ?? [];
    for (let part = 0; part < spec.parts; part++) group.push({ spec, part });
    groups.set(shape, group);
  }
  return groups;
}

/** Takes the polar factors of a batch of maps of one shape. */
function polarDirections(
  gpu: Gpu,
  plan: Plan,
  batch: readonly LinearMap[],
  workspace: PolarWorkspace,
  layers: AgdLayers,
  averages: TensorMap,
  directions: TensorMap,
): void {
  const [, m, n] = workspace.x.shape;
  const blocks = batch.map(({ spec, part }) => ({
    layer: layers.of(spec).first + part,
    gradient: partOf(spec, averages.get(spec.name)!, part),
    direction: partOf(spec, directions.get(spec.name)!, part),
    transposed: spec.fanIn > spec.fanOut,
  }));
  const groups = spread(Math.ceil(m * n / THREADS));
  const parameters = ({ rows, columns, stride, offset }: Block, i: number, transposed: boolean) => [
    ...[rows, columns, stride, offset, i * m * n, transposed ? 1 : 0],
  ];

  const load = gpu.kernel("copy_block", copyBlockSource, { THREADS, LOAD: true });
  blocks.forEach(({ gradient, transposed }, i) => {
    const { first, count } = layers.sumOfSquares(plan, gradient);
    plan.dispatch(
      load,
      groups,
      [...parameters(gradient, i, transposed), first, count],
      [gradient.tensor, workspace.x, layers.partials],
    );
  });
  const polar = polarFactor(gpu, plan, workspace, POLAR_STEPS, batch.length);
  const store = gpu.kernel("copy_block", copyBlockSource, { THREADS, LOAD: false });
  blocks.forEach(({ layer, gradient, direction, transposed }, i) => {
    const stride = transposed ? gradient.rows : gradient.columns;
    const factor = { ...gradient, tensor: polar, stride, offset: i * m * n };
    layers.setDualNorm(layer, layers.innerProduct(plan, gradient, factor, transposed));
    plan.dispatch(
      store,
      groups,
      [...parameters(direction, i, transposed), 0, 0],
      [polar, direction.tensor],
    );
  });
}
