import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { parameterTable, sizeOf } from "../../src/model/parameters.ts";
import { randomParameters } from "./random.ts";

const CONFIG = {
  ...{ layers: 1, heads: 1, width: 4, context: 2, vocabularySize: 3, bias: false, affine: true },
};

Deno.test("random parameters: every one of the table, of its size, the fixed ones 0 and 1", () => {
  const parameters = randomParameters({ ...CONFIG, affine: false }, 30, 0.5);
  for (const { name, shape, role, trainable } of parameterTable({ ...CONFIG, affine: false })) {
    const values = parameters.get(name)!;
    assertEquals(values.length, sizeOf(shape), name);
    const fixed = new Float64Array(values.length).fill(role === "gain" ? 1 : 0);
    if (!trainable) assertEquals(values, fixed, name);
    else assertNotEquals(values, fixed, name);
  }
});

Deno.test("random parameters: gains lie near 1", () => {
  const gains = randomParameters(CONFIG, 31, 5).get("ln_f.weight")!;
  assert(gains.every((gain) => gain !== 1 && Math.abs(gain - 1) < 0.6));
});

Deno.test("random parameters: the seed decides", () => {
  assertEquals(randomParameters(CONFIG, 32, 1), randomParameters(CONFIG, 32, 1));
  assertNotEquals(randomParameters(CONFIG, 32, 1), randomParameters(CONFIG, 33, 1));
});
