import { assertAlmostEquals, assertEquals } from "@std/assert";
import { parameterTable } from "../../../src/model/parameters.ts";
import { randomParameters } from "../random.ts";
import { AdamW } from "./adamw.ts";

const CONFIG = {
  ...{ layers: 1, heads: 1, width: 2, context: 2, vocabularySize: 3, bias: true, affine: true },
};
const TABLE = parameterTable(CONFIG);
/** With which a step is g / (|g| + epsilon). */
const SETTINGS = { lr: 1, betas: [0, 0] as [number, number], weightDecay: 0 };

Deno.test("adamw: two steps worked out by hand; matrices and embeddings decay, vectors do not", () => {
  const parameters = randomParameters(CONFIG, 25, 1);
  const gradients = new Map(
    [...parameters].map(([name, values]) => [name, values.map(() => 1)]),
  );
  const before = new Map([...parameters].map(([name, values]) => [name, values[0]]));
  const adamw = new AdamW(TABLE, { lr: 0.1, clip: Infinity });
  adamw.step(parameters, gradients);
  for (const values of gradients.values()) values.fill(3);
  adamw.step(parameters, gradients);

  // Step 1: m / (1 - 0.9) = v / (1 - 0.95) = 1. Step 2: m = 0.39 and v = 0.4975.
  const moves = [1, 0.39 / 0.19 / Math.sqrt(0.4975 / 0.0975)];
  for (const { name, role } of TABLE) {
    const kept = role === "embedding" || role === "matrix" ? 1 - 0.1 * 0.1 : 1;
    const expected = (before.get(name)! * kept - 0.1 * moves[0]) * kept - 0.1 * moves[1];
    assertAlmostEquals(parameters.get(name)![0], expected, 1e-8, name);
  }
});

Deno.test("adamw: zero gradients leave all as it is but for the decay", () => {
  const parameters = randomParameters(CONFIG, 26, 1);
  const before = new Map([...parameters].map(([name, values]) => [name, values.slice()]));
  const gradients = new Map(
    [...parameters].map(([name, values]) => [name, new Float64Array(values.length)]),
  );
  new AdamW(TABLE, { lr: 0.1, weightDecay: 0 }).step(parameters, gradients);
  assertEquals(parameters, before);
});

Deno.test("adamw: betas and epsilon are what the options say", () => {
  const parameters = randomParameters(CONFIG, 27, 0);
  const gradients = new Map(
    [...parameters].map(([name, values]) => [name, values.map(() => 2)]),
  );
  const adamw = new AdamW(TABLE, { ...SETTINGS, epsilon: 2, clip: Infinity });
  adamw.step(parameters, gradients);
  assertAlmostEquals(parameters.get("wte.weight")![0], -2 / (2 + 2), 1e-12);
});

Deno.test("adamw: gradients whose global norm exceeds clip are scaled down to it", () => {
  const zeros = randomParameters(CONFIG, 28, 0);
  const gradients = new Map([...zeros].map(([name, values]) => [name, values.map(() => 0)]));
  gradients.get("wte.weight")![0] = 3;
  gradients.get("ln_f.bias")![1] = 4;
  // 5 is scaled down to 2.5, and to 1 where nothing is said.
  for (
    const [clip, [first, second]] of [[2.5, [1.5, 2]], [5, [3, 4]], [undefined, [
      0.6,
      0.8,
    ]]] as const
  ) {
    const parameters = randomParameters(CONFIG, 28, 0);
    const options = { ...SETTINGS, epsilon: 2, ...clip && { clip } };
    new AdamW(TABLE, options).step(parameters, gradients);
    assertAlmostEquals(parameters.get("wte.weight")![0], -first / (first + 2), 1e-12);
    assertAlmostEquals(parameters.get("ln_f.bias")![1], -second / (second + 2), 1e-12);
  }
});
