import { assertAlmostEquals, assertEquals } from "@std/assert";
import {
  attentionBackwardFlops,
  attentionFlops,
  matmulFlops,
  modelFlops,
  trainingFlops,
} from "../../bench/formulas.ts";
import { parameterCount } from "../../src/model/parameters.ts";

Deno.test("FLOPs of a matrix product and of attention", () => {
  assertEquals(matmulFlops(2, 3, 4), 48);
  // Per head two products of (T, d) and (d, T), half of each: the sum over heads of d is C.
  const size = { batch: 2, length: 16, width: 24 };
  assertEquals(attentionFlops(size), 2 * 2 * matmulFlops(16, 16, 24) / 2);
  assertEquals(attentionBackwardFlops(size), 2.5 * attentionFlops(size));
});

Deno.test("training FLOPs: 6 for each parameter that multiplies, and the attention's", () => {
  const config = { layers: 12, heads: 12, width: 768, context: 1024, vocabularySize: 50_257 };
  const parameters = parameterCount({ ...config, bias: false, affine: false });
  const positions = 1024 * 768;
  const attention = 3 * 12 * attentionFlops({ batch: 1, length: 1024, width: 768 }) / 1024;
  assertAlmostEquals(
    trainingFlops(config),
    modelFlops(parameters - positions, 1) + attention,
    1,
  );
});
