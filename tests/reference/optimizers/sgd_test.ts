import { assertAlmostEquals, assertEquals } from "@std/assert";
import { parameterTable } from "../../../src/model/parameters.ts";
import { randomParameters } from "../random.ts";
import { Sgd } from "./sgd.ts";

const CONFIG = {
  ...{ layers: 1, heads: 1, width: 2, context: 2, vocabularySize: 3, bias: true, affine: true },
};
const TABLE = parameterTable(CONFIG);

Deno.test("sgd: two steps worked out by hand, without decay", () => {
  const parameters = randomParameters(CONFIG, 28, 1);
  const before = new Map([...parameters].map(([name, values]) => [name, values[0]]));
  const gradients = new Map(
    [...parameters].map(([name, values]) => [name, values.map(() => 1)]),
  );
  const sgd = new Sgd(TABLE, { lr: 0.1 });
  sgd.step(parameters, gradients);
  for (const values of gradients.values()) values.fill(3);
  sgd.step(parameters, gradients);
  // v = 1, then 0.9 · 1 + 3 = 3.9.
  for (const { name } of TABLE) {
    assertAlmostEquals(parameters.get(name)![0], before.get(name)! - 0.1 * (1 + 3.9), 1e-12);
  }
});

Deno.test("sgd: zero gradients leave all as it is", () => {
  const parameters = randomParameters(CONFIG, 29, 1);
  const before = new Map([...parameters].map(([name, values]) => [name, values.slice()]));
  const gradients = new Map(
    [...parameters].map(([name, values]) => [name, new Float64Array(values.length)]),
  );
  new Sgd(TABLE, { lr: 0.1 }).step(parameters, gradients);
  assertEquals(parameters, before);
});
