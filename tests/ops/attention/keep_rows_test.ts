import { assertEquals } from "@std/assert";
import { keepRows } from "../../../src/ops/attention/keep_rows.ts";
import { Random } from "../../../src/random.ts";
import { openTestGpu, randomValues, run, upload, uploadIntegers } from "../helpers.ts";

const gpu = await openTestGpu();
const random = new Random(12);

for (
  const [batch, length, columns, rows, start] of [
    [1, 1, 3, 1, 0],
    [1, 1, 18, 9, 8],
    [3, 1, 15, 7, 2],
    [2, 5, 9, 12, 7],
    [3, 64, 6, 70, 6],
  ]
) {
  Deno.test(`kept rows: ${batch} x ${length} of ${columns}, from row ${start} of ${rows}`, async () => {
    const before = randomValues(random, batch * rows * columns);
    const values = randomValues(random, batch * length * columns);
    const kept = upload(gpu, [batch, rows, columns], before);
    const qkv = upload(gpu, [batch * length, columns], values);
    const op = { qkv, rows: kept, start: uploadIntegers(gpu, [start, 99, 99, 99]), length };
    const [actual] = await run(gpu, (plan) => keepRows(gpu, plan, op), kept);
    const expected = Float32Array.from(before);
    for (let b = 0; b < batch; b++) {
      const some = values.subarray(b * length * columns, (b + 1) * length * columns);
      expected.set(some, (b * rows + start) * columns);
    }
    assertEquals(actual, expected);
  });
}
