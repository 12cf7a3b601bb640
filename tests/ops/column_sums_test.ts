import { columnSums, columnSumsScratch } from "../../src/ops/column_sums.ts";
import { Random } from "../../src/random.ts";
import {
  assertClose,
  FORWARD,
  onBothKinds,
  openTestGpu,
  randomValues,
  run,
  unwritten,
  upload,
} from "./helpers.ts";

const gpu = await openTestGpu();
const random = new Random(4);

// Blocks have 64 rows, workgroups 64 columns.
for (const [rows, columns] of [[1, 1], [1, 70], [5, 6], [64, 64], [65, 129], [1000, 12]]) {
  Deno.test(`column sums: ${rows} x ${columns}, added to what is there`, async () => {
    const values = randomValues(random, rows * columns);
    const old = randomValues(random, columns);
    const expected = old.map((value, column) => {
      for (let row = 0; row < rows; row++) value += values[row * columns + column];
      return value;
    });
    // NaN follows the last row, and must not be read.
    const input = gpu.tensor("values", [rows, columns], "f32", (rows + 1) * columns);
    gpu.write(input, new Float32Array((rows + 1) * columns).fill(NaN));
    gpu.write(input, Float32Array.from(values));
    const before = upload(gpu, [columns], old);
    const sums = unwritten(gpu, columns);
    const scratch = unwritten(gpu, columnSumsScratch(rows, columns));
    await onBothKinds(gpu, async () => {
      const [result] = await run(gpu, (plan) => {
        plan.copy(before, sums);
        columnSums(gpu, plan, input, sums, scratch);
      }, sums);
      assertClose(result, expected, FORWARD);
    });
  });
}
