import type { Gpu } from "../../gpu/gpu.ts";
import { Plan, spread } from "../../gpu/plan.ts";
import type { Tensor } from "../../gpu/tensor.ts";
import type { ParameterSpec } from "../../model/parameters.ts";
import { WORKGROUP_SUM } from "../../ops/includes.ts";
import { rowThreads } from "../../ops/threads.ts";
import { type Block, blocksOf, cutRuns, joinPartials, sumSquares } from "./chunks.ts";
import { type AgdLayers, isByRows, type Range } from "./layers.ts";
import { appendOperatorNorms } from "./operator_norms.ts";
import type { AgdSettings } from "./options.ts";
import type { GroupNorms, Norms, ParameterGroup } from "../optimizer.ts";
import type { Run } from "../runs.ts";
import rowsSource from "../../../wgsl/optim/agd/rows.wgsl" with { type: "text" };

/** Of a layer: its sum of squares, the largest one of a row, or its operator norm. */
type Measure = "squares" | "rows" | "operator";

/** A layer's part of a parameter, and what is measured of it. */
interface Measured {
  spec: ParameterSpec;
  layer: number;
  columns: number;
  measure: Measure;
  /** Where it is: in several runs if one binding does not cover it. */
  pieces: { run: Run; block: Block }[];
  /** Its partial sums. */
  range: Range;
}

/** The groups in the order in which they are told of. */
const GROUPS: readonly ParameterGroup[] = ["embeddings", "attention", "mlp", "matrices", "vectors"];

/** Norms of directions and weights, measured when they are asked for. */
export class AgdNorms implements Disposable {
  /** To be freed with the optimiser. */
  readonly owned: Tensor[];
  readonly #gpu: Gpu;
  readonly #plan: Plan;
  readonly #layers: AgdLayers;
  readonly #measured: Measured[];
  /** (measured) each: of directions, and of weights. */
  readonly #norms: Tensor[];

  /** @param runs Runs whose first tensors are directions and weights. */
  constructor(gpu: Gpu, runs: readonly Run[], layers: AgdLayers, settings: AgdSettings) {
    this.#gpu = gpu;
    this.#layers = layers;
    const plan = this.#plan = new Plan(gpu);
    const found = findMeasured(runs, layers, settings);
    const [squares, rows, maps] = (["squares", "rows", "operator"] as const).map((wanted) =>
      [...found.values()].filter(({ measure }) => measure === wanted)
    );
    this.#measured = [...squares, ...rows, ...maps];

    let partialCount = 0;
    const chunked = cutRuns(gpu, runs, layers, ({ spec }, layer) => {
      const { measure, range } = found.get(keyOf(spec, layer))!;
      return measure === "squares" ? range : undefined;
    }, () => partialCount++);
    for (const { range, spec } of rows) {
      Object.assign(range, { first: partialCount, count: spec.shape[0] });
      partialCount += spec.shape[0];
    }
    const ranges = gpu.tensorFrom(
      "agd ranges",
      [this.#measured.length, 2],
      Uint32Array.from(this.#measured.flatMap(({ range: { first, count } }) => [first, count])),
    );
    const partials = gpu.tensor("agd partial sums", [partialCount]);
    this.#norms = [0, 1].map(() => gpu.tensor("agd norms", [this.#measured.length]));
    this.owned = [ranges, partials, ...this.#norms, ...chunked.map(({ chunks }) => chunks)];

    const kernel = gpu.kernel("agd_rows", rowsSource, {
      THREADS: rowThreads(gpu),
      DESCENT: false,
      HISTORY: false,
    }, WORKGROUP_SUM);
    this.#norms.forEach((norms, i) => {
      const values = ({ tensors }: Run) => tensors[i];
      sumSquares(gpu, plan, chunked, values, partials);
      for (const { pieces, range: { first } } of rows) {
        let at = first;
        for (const { run, block: { rows, columns, offset } } of pieces) {
          const tensors = [values(run), partials];
          plan.dispatch(kernel, spread(rows), [rows, columns, offset, at], tensors);
          at += rows;
        }
      }
      const summed = { first: 0, count: squares.length };
      const largest = { first: squares.length, count: rows.length };
      joinPartials(gpu, plan, summed, ranges, partials, norms);
      joinPartials(gpu, plan, largest, ranges, partials, norms, { largest: true });
      const matrices = maps.map(({ pieces: [piece] }) => piece);
      const first = squares.length + rows.length;
      this.owned.push(...appendOperatorNorms(gpu, plan, matrices, values, norms, first));
    });
  }

  /**
   * Measures the step that was submitted last; returns at once.
   *
   * @param coefficients By which the layers' directions were subtracted.
   * @param sums The layers' dual norms, or their squares.
   */
  async measure(coefficients: Tensor, sums: Tensor): Promise<Norms> {
    this.#plan.run();
    const [directions, weights, steps, duals] = await Promise.all(
      [...this.#norms, coefficients, sums].map((tensor) => this.#gpu.read(tensor)),
    );
    const norms = new Map<ParameterGroup, GroupNorms>();
    this.#measured.forEach(({ spec, layer, columns, measure }, i) => {
      const isVector = spec.shape.length === 1;
      // A vector's norm is its RMS, and the dual of that √n times the 2-norm.
      const { layers, vectorSize } = this.#layers;
      const size = isVector ? vectorSize * Math.sqrt(columns) : layers[layer].scale;
      const norm = (value: number) => (measure === "operator" ? value : Math.sqrt(value)) / size;
      const dual = isVector ? Math.sqrt(directions[i]) : this.#layers.dualNorm(layer, duals);
      const name = groupOf(spec);
      const group = norms.get(name) ?? { gradient: 0, update: 0, weight: 0 };
      norms.set(name, group);
      group.gradient += size * dual;
      group.update = Math.max(group.update, Math.abs(steps[layer]) * norm(directions[i]));
      group.weight = Math.max(group.weight, norm(weights[i]));
    });
    return Object.fromEntries(
      GROUPS.filter((name) => norms.has(name)).map((name) => [name, norms.get(name)!]),
    );
  }

  /** Frees the plan's memory; the tensors are the optimiser's to free. */
  [Symbol.dispose](): void {
    this.#plan[Symbol.dispose]();
  }
}

function keyOf({ name }: ParameterSpec, layer: number): string {
  return `${name} ${layer}`;
}

/** What is measured, by parameter and layer. */
function findMeasured(
  runs: readonly Run[],
  layers: AgdLayers,
  settings: AgdSettings,
): Map<string, Measured> {
  const found = new Map<string, Measured>();
  for (const run of runs) {
    for (const segment of run.segments) {
      const { spec } = segment;
      const isMap = spec.shape.length === 2 && settings.norm === "spectral";
      const measure = isByRows(spec, settings) ? "rows" : isMap ? "operator" : "squares";
      for (const block of blocksOf(segment, layers)) {
        const { layer, columns } = block;
        const key = keyOf(spec, layer);
        const range = { first: 0, count: 0 };
        const measured = found.get(key) ?? { spec, layer, columns, measure, pieces: [], range };
        measured.pieces.push({ run, block });
        found.set(key, measured);
      }
    }
  }
  return found;
}

/** Which group a parameter is told of with. */
function groupOf({ name, role, shape }: ParameterSpec): ParameterGroup {
  if (shape.length === 1) return "vectors";
  if (role === "embedding") return "embeddings";
  if (name.includes(".attn.")) return "attention";
  return name.includes(".mlp.") ? "mlp" : "matrices";
}
