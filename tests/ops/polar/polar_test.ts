import { assertLess } from "@std/assert";
import { polarFactor, polarWorkspaces } from "../../../src/ops/polar/polar.ts";
import { polarSteps } from "../../../src/ops/polar/steps.ts";
import { Random } from "../../../src/random.ts";
import { norm } from "../../reference/optimizers/norm.ts";
import { polar } from "../../reference/optimizers/polar.ts";
import { assertClose, onBothKinds, openTestGpu, randomValues, run } from "../helpers.ts";

const gpu = await openTestGpu();
const STEPS = polarSteps(0.006, { count: 3 });

// From 2 columns a row on the Gram matrix is iterated on, below that the matrix itself.
for (const [rows, columns] of [[1, 1], [5, 7], [8, 8], [6, 12], [7, 31], [16, 64], [33, 70]]) {
  Deno.test(`polar factor of ${rows} x ${columns}: the reference's, in a batch`, async () => {
    const random = new Random(rows * columns);
    const size = rows * columns;
    const matrices = [0, 1, 2].map(() => randomValues(random, size));
    matrices[1].fill(0);
    const normalised = matrices.map((matrix) => matrix.map((value) => value / (norm(matrix) || 1)));
    await onBothKinds(gpu, async () => {
      // In memory of which others make use too.
      const sizes = [[1, 5, 90], [3, rows, columns]] as const;
      const { workspaces: [, workspace], memory } = polarWorkspaces(gpu, sizes);
      const source = gpu.tensorFrom(
        "source",
        [3, rows, columns],
        Float32Array.from(normalised.flatMap((matrix) => [...matrix])),
      );
      const result = gpu.tensor("result", [3, rows, columns]);
      const [factors] = await run(gpu, (plan) => {
        plan.copy(source, workspace.x);
        plan.copy(polarFactor(gpu, plan, workspace, STEPS), result);
      }, result);
      matrices.forEach((matrix, i) => {
        const factor = factors.subarray(i * size, (i + 1) * size);
        if (i === 1) assertLess(norm(Float64Array.from(factor)), 1e-30);
        else assertClose(factor, polar(matrix, rows, columns), 1e-4, `matrix ${i}`);
      });
      gpu.free(source, result, ...memory);
    });
  });
}
