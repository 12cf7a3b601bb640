import type { Gpu } from "../gpu/gpu.ts";
import { type Plan, spread } from "../gpu/plan.ts";
import { rowSlices, type Tensor } from "../gpu/tensor.ts";
import type { ParameterSpec } from "../model/parameters.ts";
import type { TensorMap } from "../model/weights.ts";
import {
  CUBIC,
  type NewtonSchulzStep,
  polarFactor,
  type PolarWorkspace,
  polarWorkspace,
  QUINTIC,
} from "../ops/polar.ts";
import { rowThreads, THREADS } from "../ops/threads.ts";
import { type AgdLayers, type Block, partOf } from "./agd_layers.ts";
import type { AgdSettings } from "./agd_options.ts";
import copyBlockSource from "../../wgsl/copy_block.wgsl" with { type: "text" };
import rowsSource from "../../wgsl/agd_rows.wgsl" with { type: "text" };
import vectorSource from "../../wgsl/agd_vector.wgsl" with { type: "text" };

/** Most bytes of one batch of matrices whose polar factors are taken together. */
const WORKSPACE_BYTES = 32 * 2 ** 20;

/**
 * Appends what turns every gradient into its direction of steepest descent, in place, and the dual
 * norms. Where that is the gradient over its dual norm, the gradient stays and the norm will divide.
 *
 * @returns Scratch tensors, to be freed with the optimiser.
 */
export function appendDirections(
  gpu: Gpu,
  plan: Plan,
  specs: readonly ParameterSpec[],
  layers: AgdLayers,
  settings: AgdSettings,
  gradients: TensorMap,
): Tensor[] {
  const scratch: Tensor[] = [];
  const matrices: ParameterSpec[] = [];
  for (const spec of specs) {
    const gradient = gradients.get(spec.name)!;
    if (spec.shape.length === 1) {
      if (settings.vectors !== "own") continue;
      const kernel = gpu.kernel("agd_vector", vectorSource, { THREADS: rowThreads(gpu) });
      plan.dispatch(kernel, [1], [gradient.size], [gradient]);
    } else if (spec.role === "embedding" && settings.embeddings === "rows") {
      const norms = gpu.tensor(`row norms ${spec.name}`, [spec.shape[0]]);
      scratch.push(norms);
      rowDirections(gpu, plan, gradient, norms);
      const block = { tensor: norms, rows: norms.size, columns: 1, stride: 1, offset: 0 };
      layers.setDualNorm(layers.of(spec).first, layers.sum(plan, block));
    } else {
      matrices.push(spec);
    }
  }
  const maps = matrices.flatMap((spec) => {
    const { first, parts } = layers.of(spec);
    const gradient = gradients.get(spec.name)!;
    return Array.from({ length: parts }, (_, part) => (
      { layer: first + part, gradient: partOf(spec, gradient, part) }
    ));
  });
  if (settings.norm === "frobenius") {
    for (const { layer, gradient } of maps) {
      layers.setDualNorm(layer, layers.sumOfSquares(plan, gradient));
    }
    return scratch;
  }
  const [quintic, cubic] = settings.polarSteps;
  const repeat = (count: number, step: NewtonSchulzStep) =>
    Array.from({ length: count }, () => step);
  const steps = [...repeat(quintic, QUINTIC), ...repeat(cubic, CUBIC)];
  for (const [shape, group] of byShape(maps)) {
    const [m, n] = shape.split("x").map(Number);
    const most = Math.min(WORKSPACE_BYTES, gpu.maxBindingBytes);
    const fitting = Math.max(1, Math.floor(most / (m * n * 4)));
    const workspace = polarWorkspace(gpu, Math.min(fitting, group.length), m, n);
    scratch.push(...Object.values(workspace));
    for (let first = 0; first < group.length; first += fitting) {
      const batch = group.slice(first, first + fitting);
      polarDirections(gpu, plan, batch, workspace, layers, steps);
    }
  }
  return scratch;
}

function rowDirections(gpu: Gpu, plan: Plan, gradient: Tensor, norms: Tensor): void {
  const [rows, columns] = gradient.shape;
  const kernel = gpu.kernel("agd_rows", rowsSource, { THREADS: rowThreads(gpu) });
  for (const { start, count } of rowSlices(rows, columns, gpu.maxBindingBytes)) {
    plan.dispatch(
      kernel,
      spread(count),
      [count, columns, start],
      [gradient.rows(start, count), norms],
    );
  }
}

/** The gradient of one linear map. */
interface LinearMap {
  layer: number;
  gradient: Block;
}

/** All linear maps by the shape of the wider of the map and its transpose, as `rows x columns`. */
function byShape(maps: readonly LinearMap[]): Map<string, LinearMap[]> {
  return Map.groupBy(
    maps,
    ({ gradient: { rows, columns } }) => [rows, columns].sort((a, b) => a - b).join("x"),
  );
}

/** Replaces the gradients of a batch of maps of one shape by their polar factors. */
function polarDirections(
  gpu: Gpu,
  plan: Plan,
  batch: readonly LinearMap[],
  workspace: PolarWorkspace,
  layers: AgdLayers,
  steps: readonly NewtonSchulzStep[],
): void {
  const [, m, n] = workspace.x.shape;
  const groups = spread(Math.ceil(m * n / THREADS));
  const isTransposed = ({ rows, columns }: Block) => rows > columns;
  const parameters = (block: Block, i: number) => [
    ...[block.rows, block.columns, block.stride, block.offset, i * m * n],
    isTransposed(block) ? 1 : 0,
  ];

  const load = gpu.kernel("copy_block", copyBlockSource, { THREADS, LOAD: true });
  batch.forEach(({ gradient }, i) => {
    const { first, count } = layers.sumOfSquares(plan, gradient);
    plan.dispatch(
      load,
      groups,
      [...parameters(gradient, i), first, count],
      [gradient.tensor, workspace.x, layers.partials],
    );
  });
  const polar = polarFactor(gpu, plan, workspace, steps, batch.length);
  const store = gpu.kernel("copy_block", copyBlockSource, { THREADS, LOAD: false });
  batch.forEach(({ layer, gradient }, i) => {
    const transposed = isTransposed(gradient);
    const stride = transposed ? gradient.rows : gradient.columns;
    const factor = { ...gradient, tensor: polar, stride, offset: i * m * n };
    layers.setDualNorm(layer, layers.innerProduct(plan, gradient, factor, transposed));
    plan.dispatch(store, groups, [...parameters(gradient, i), 0, 0], [polar, gradient.tensor]);
  });
}
