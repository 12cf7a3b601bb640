import type { Gpu } from "../../gpu/gpu.ts";
import { Plan } from "../../gpu/plan.ts";
import type { Tensor } from "../../gpu/tensor.ts";
import type { ParameterSpec } from "../../model/parameters.ts";
import { WORKGROUP_SUM } from "../../ops/includes.ts";
import { rowThreads, THREADS } from "../../ops/threads.ts";
import type { GroupNorms, Norms, ParameterGroup } from "../optimizer.ts";
import type { Span } from "../spans.ts";
import { partialCount } from "./chunks.ts";
import type { AgdLayers, LayerPart, Submatrix } from "./layers.ts";
import { PartialSums } from "./partial_sums.ts";
import { appendRows } from "./rows.ts";
import power from "../../../wgsl/optim/agd/include/power.wgsl" with { type: "text" };
import normSource from "../../../wgsl/optim/agd/power_norm.wgsl" with { type: "text" };
import powerSource from "../../../wgsl/optim/agd/power.wgsl" with { type: "text" };

/** Power iterations. */
const ITERATIONS = 10;

/** The groups in the order in which they are told of. */
const GROUPS: readonly ParameterGroup[] = ["embeddings", "attention", "mlp", "matrices", "vectors"];

/** Norms of directions and weights, measured when they are asked for. */
export class AgdNorms implements Disposable {
  readonly #gpu: Gpu;
  /** What measures them. */
  readonly plan: Plan;
  readonly #layers: AgdLayers;
  readonly #parts: readonly LayerPart[];
  /** (parts) each: of directions, and of weights. */
  readonly #norms: Tensor[];

  /** @param parts Of spans whose first tensors are directions and weights. */
  constructor(gpu: Gpu, parts: readonly LayerPart[], layers: AgdLayers) {
    this.#gpu = gpu;
    this.#layers = layers;
    const plan = this.plan = new Plan(gpu);
    plan.section("norms");
    const { squares = [], rows = [], operator = [] } = Object.groupBy(
      parts,
      ({ measure }) => measure,
    );
    this.#parts = [...squares, ...rows, ...operator];
    const sums = new PartialSums(gpu, plan, squares.map(partialCount));
    const longest = new PartialSums(gpu, plan, rows.map(partialCount));
    const matrices = operator.map(({ blocks: [block] }) => block);
    this.#norms = [0, 1].map((which) => {
      const values = ({ tensors }: Span) => tensors[which];
      const norms = gpu.tensor("agd norms", [parts.length]);
      plan.own(norms);
      sums.addSquares(squares.map((part, sum) => [part, sum]), values);
      sums.join(norms);
      rows.forEach((part, sum) => appendRows(part, values, longest, sum));
      longest.join(norms, { first: squares.length, largest: true });
      appendOperatorNorms(gpu, plan, matrices, values, norms, squares.length + rows.length);
      return norms;
    });
  }

  /**
   * Measures the step that was submitted last; returns at once.
   *
   * @param coefficients By which the layers' directions were subtracted.
   * @param sums The dual norms, or their squares.
   */
  async measure(coefficients: Tensor, sums: Tensor): Promise<Norms> {
    this.plan.run();
    const [directions, weights, steps, duals] = await Promise.all(
      [...this.#norms, coefficients, sums].map((tensor) => this.#gpu.read(tensor)),
    );
    const norms = new Map<ParameterGroup, GroupNorms>();
    this.#parts.forEach(({ spec, layer, measure, blocks: [{ columns }] }, i) => {
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

  /** Frees what measuring takes. */
  [Symbol.dispose](): void {
    this.plan[Symbol.dispose]();
  }
}

/** Which group a parameter is told of with. */
function groupOf({ name, role, shape }: ParameterSpec): ParameterGroup {
  if (shape.length === 1) return "vectors";
  if (role === "embedding") return "embeddings";
  if (name.includes(".attn.")) return "attention";
  return name.includes(".mlp.") ? "mlp" : "matrices";
}

/**
 * Appends about the operator norms of matrices, by power iterations from a random vector, which
 * approach them from below. A half of an iteration is a dispatch of its own: one workgroup a matrix
 * would have to loop more often than Mesa's software driver lets a loop go on (65,535 times; then it
 * ends without an error).
 *
 * @param values Which of a span's tensors holds the matrices.
 * @param norms The norms go to its elements from `first` on.
 */
function appendOperatorNorms(
  gpu: Gpu,
  plan: Plan,
  matrices: readonly Submatrix[],
  values: (span: Span) => Tensor,
  norms: Tensor,
  first: number,
): void {
  if (matrices.length === 0) return;
  let size = 0;
  const table = matrices.flatMap(({ offset, rows, columns, stride }) => {
    const vectors = size;
    size += rows + columns;
    return [offset, rows, columns, stride, vectors];
  });
  const maps = gpu.tensorFrom("agd maps", [matrices.length, 5], Uint32Array.from(table));
  const vectors = gpu.tensor("agd power iteration", [size]);
  plan.own(maps, vectors);
  const groups = [...Map.groupBy(matrices.keys(), (i) => matrices[i].span)];

  const normalise = (START: boolean) => {
    const kernel = gpu.kernel("agd_power_norm", normSource, { THREADS: rowThreads(gpu), START }, {
      power,
      ...WORKGROUP_SUM,
    });
    plan.dispatch(kernel, [matrices.length], [first], [maps, vectors, norms]);
  };
  const multiply = (TRANSPOSED: boolean) => {
    const kernel = gpu.kernel("agd_power", powerSource, { THREADS, TRANSPOSED }, { power });
    for (const [span, members] of groups) {
      const lengths = members.map((i) => matrices[i][TRANSPOSED ? "columns" : "rows"]);
      const workgroups = [Math.ceil(Math.max(...lengths) / THREADS), members.length] as const;
      plan.dispatch(kernel, workgroups, [members[0]], [maps, values(span), vectors]);
    }
  };
  normalise(true);
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    multiply(false);
    multiply(true);
    normalise(false);
  }
}
