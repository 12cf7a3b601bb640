import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import type { Gpt2Config } from "../../../src/model/config.ts";
import { parameterTable } from "../../../src/model/parameters.ts";
import { Agd } from "../../../src/optim/agd/agd.ts";
import { UserError } from "../../../src/errors.ts";
import { spansOf } from "../../../src/optim/spans.ts";
import { randomWeights } from "../../model/helpers.ts";
import { assertClose, openTestGpu } from "../../ops/helpers.ts";
import type { Tensors } from "../../reference/gpt2.ts";
import { Agd as ReferenceAgd } from "../../reference/optimizers/agd.ts";
import { columnBlock } from "../../reference/optimizers/column_block.ts";
import { norm } from "../../reference/optimizers/norm.ts";
import { Bench } from "../helpers.ts";

const C_ATTN = "h.0.attn.c_attn.weight";
const WIDTH = 150;
const CONFIG: Gpt2Config = {
  ...{ layers: 1, heads: 1, width: WIDTH, context: 3, vocabularySize: 11 },
  ...{ bias: true, affine: true },
};
/** 64 rows of c_fc: c_attn, which holds three matrices, takes three bindings. */
const gpu = await openTestGpu({ maxBindingBytes: 64 * 4 * WIDTH * 4 });

/** Gradients of which query, key and value, and each third of their rows, have sizes of their own. */
function unevenGradients(seed: number): Tensors {
  const gradients = randomWeights(CONFIG, seed);
  const g = gradients.get(C_ATTN)!;
  const columns = 3 * WIDTH;
  const sizes = [1, 10, 100];
  g.forEach((value, i) => {
    const row = Math.floor(i / columns);
    const part = Math.floor(i % columns / WIDTH);
    g[i] = Math.fround(value * sizes[part] * (row < 64 ? 1 : row < 128 ? 3 : 20));
  });
  return gradients;
}

Deno.test("agd, frobenius: c_attn's parts have their own norms in several bindings too", async () => {
  const weights = randomWeights(CONFIG, 1);
  const parameters: Tensors = new Map([...weights].map(([name, v]) => [name, v.slice()]));
  // Memory grows from the third step on.
  const growing = { momentum: 1e-3, growth: 2, cautious: true, shortening: true };
  const options = { norm: "frobenius", averaging: true, ...growing } as const;
  const reference = new ReferenceAgd(parameterTable(CONFIG), weights, options);
  using bench = new Bench(gpu, CONFIG, weights, (target) => new Agd(target, options));
  const { table, gradients } = bench.target;
  const pieces = spansOf(gpu, table, [gradients])
    .flatMap(({ segments }) => segments.filter(({ spec }) => spec.name === C_ATTN));
  assertEquals(pieces.map(({ rows }) => rows), [64, 64, 22]);
  for (let step = 1; step <= 3; step++) {
    const given = unevenGradients(1 + step);
    const expected = reference.step(parameters, given);
    const after = await bench.step(given);
    const [, eta, G] = await gpu.read(bench.optimizer.summary!);
    assertAlmostEquals(G / expected.gradientSummary, 1, 1e-5);
    assertAlmostEquals(eta / expected.eta, 1, 1e-5);
    for (const [name, values] of after) assertClose(values, parameters.get(name)!, 1e-5, name);
  }
});

Deno.test("agd's norms, frobenius: of c_attn in several bindings", async () => {
  const weights = unevenGradients(5);
  using bench = new Bench(gpu, CONFIG, weights, (target) => new Agd(target, { norm: "frobenius" }));
  await bench.step(unevenGradients(6));
  const { attention } = await (bench.optimizer as Agd).norms();
  const largest = Math.max(
    ...[0, 1, 2].map((part) => norm(columnBlock(weights.get(C_ATTN)!, WIDTH, 3, part))),
  );
  // Compared with such weights the step is small.
  assertAlmostEquals(attention!.weight / largest, 1, 1e-4);
  assert(attention!.update > 0);
});

Deno.test("agd, spectral: a matrix that one binding does not cover is refused", () => {
  const before = gpu.allocatedBytes;
  const table = parameterTable(CONFIG);
  const weights = new Map(table.map(({ name, shape }) => [name, gpu.tensor(name, shape)]));
  const target = { gpu, table, weights, gradients: weights };
  assertThrows(
    () => gpu.allocateAll(() => new Agd(target)),
    UserError,
    `the operator norm of ${C_ATTN} needs a binding of`,
  );
  gpu.free(...weights.values());
  assertEquals(gpu.allocatedBytes, before);
});
