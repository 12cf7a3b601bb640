import { assertEquals } from "@std/assert";
import { mean } from "../../src/ops/mean.ts";
import { Random } from "../../src/random.ts";
import {
  assertClose,
  FORWARD,
  onBothKinds,
  openTestGpu,
  randomValues,
  run,
  upload,
} from "./helpers.ts";

const gpu = await openTestGpu();
const random = new Random(3);

Deno.test("mean: of any number of numbers, written where it is asked for", async () => {
  await onBothKinds(gpu, async () => {
    for (const size of [1, 7, 8, 300, 5000]) {
      const values = randomValues(random, size).map((value) => Math.fround(value + 1));
      const means = upload(gpu, [3], [10, 20, 30]);
      const tensor = upload(gpu, [size], values);
      const [result] = await run(gpu, (plan) => mean(gpu, plan, tensor, means, 1), means);
      const expected = values.reduce((sum, value) => sum + value) / size;
      assertClose([result[1]], [expected], FORWARD, `${size}`);
      assertEquals([result[0], result[2]], [10, 30]);
    }
  });
});
