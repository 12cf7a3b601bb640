import type { Gpu } from "../../gpu/gpu.ts";
import type { Plan } from "../../gpu/plan.ts";
import type { Tensor } from "../../gpu/tensor.ts";
import { WORKGROUP_SUM } from "../../ops/includes.ts";
import { rowThreads, THREADS } from "../../ops/threads.ts";
import type { Block } from "./chunks.ts";
import type { Run } from "../runs.ts";
import power from "../../../wgsl/optim/agd/include/power.wgsl" with { type: "text" };
import normSource from "../../../wgsl/optim/agd/power_norm.wgsl" with { type: "text" };
import powerSource from "../../../wgsl/optim/agd/power.wgsl" with { type: "text" };

/** Power iterations. */
const ITERATIONS = 10;

/** A matrix of a run. */
export interface Matrix {
  run: Run;
  block: Block;
}

/**
 * Appends about the operator norms of matrices, by power iterations from a random vector, which
 * approach them from below. A half of an iteration is a dispatch of its own: one workgroup a matrix
 * would have to loop more often than Mesa's software driver lets a loop go on (65,535 times; then it
 * ends without an error).
 *
 * @param values Which of a run's tensors holds the matrices.
 * @param norms The norms go to its elements from `first` on.
 * @returns Scratch tensors, to be freed with the optimiser.
 */
export function appendOperatorNorms(
  gpu: Gpu,
  plan: Plan,
  matrices: readonly Matrix[],
  values: (run: Run) => Tensor,
  norms: Tensor,
  first: number,
): Tensor[] {
  if (matrices.length === 0) return [];
  let size = 0;
  const rows = matrices.map(({ block: { offset, rows, columns, stride } }) => {
    const vectors = size;
    size += rows + columns;
    return [offset, rows, columns, stride, vectors];
  });
  const maps = gpu.tensorFrom("agd maps", [rows.length, 5], Uint32Array.from(rows.flat()));
  const vectors = gpu.tensor("agd power iteration", [size]);
  const groups = [...Map.groupBy(matrices.keys(), (i) => matrices[i].run)];

  const normalise = (START: boolean) => {
    const kernel = gpu.kernel("agd_power_norm", normSource, { THREADS: rowThreads(gpu), START }, {
      power,
      ...WORKGROUP_SUM,
    });
    plan.dispatch(kernel, [matrices.length], [first], [maps, vectors, norms]);
  };
  const multiply = (TRANSPOSED: boolean) => {
    const kernel = gpu.kernel("agd_power", powerSource, { THREADS, TRANSPOSED }, { power });
    for (const [run, members] of groups) {
      const lengths = members.map((i) => matrices[i].block[TRANSPOSED ? "columns" : "rows"]);
      const workgroups = [Math.ceil(Math.max(...lengths) / THREADS), members.length] as const;
      plan.dispatch(kernel, workgroups, [members[0]], [maps, values(run), vectors]);
    }
  };
  normalise(true);
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    multiply(false);
    multiply(true);
    normalise(false);
  }
  return [maps, vectors];
}
