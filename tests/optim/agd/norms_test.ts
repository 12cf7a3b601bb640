import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { type ParameterSpec, sizeOf } from "../../../src/model/parameters.ts";
import { Agd } from "../../../src/optim/agd/agd.ts";
import type { AgdOptions } from "../../../src/optim/agd/options.ts";
import { LARGE_VOCABULARY, ODD, randomWeights, SLIM } from "../../model/helpers.ts";
import { onBothKinds, openTestGpu } from "../../ops/helpers.ts";
import { columnBlock } from "../../reference/optimizers/column_block.ts";
import type { Tensors } from "../../reference/gpt2.ts";
import { norm } from "../../reference/optimizers/norm.ts";
import { polarOfHeads } from "../../reference/optimizers/polar.ts";
import { Bench } from "../helpers.ts";

const gpu = await openTestGpu();
const slim = await openTestGpu(SLIM);

/** The largest singular value, to a thousandth or so. */
function operatorNorm(matrix: Float64Array, rows: number): number {
  const columns = matrix.length / rows;
  let v = new Float64Array(columns).map((_, i) => Math.cos(i * i + 1));
  let [sigma, last] = [1, 0];
  while (Math.abs(sigma / last - 1) > 1e-6) {
    last = sigma;
    const u = Float64Array.from(
      { length: rows },
      (_, r) => v.reduce((sum, value, c) => sum + value * matrix[r * columns + c], 0),
    );
    v = v.map((_, c) => u.reduce((sum, value, r) => sum + value * matrix[r * columns + c], 0));
    sigma = norm(v) / norm(u);
    v = v.map((value) => value / norm(v));
  }
  return sigma;
}

function rowNorms(matrix: Float64Array, rows: number): number[] {
  const columns = matrix.length / rows;
  return Array.from(
    { length: rows },
    (_, r) => norm(matrix.subarray(r * columns, (r + 1) * columns)),
  );
}

/** The largest operator norm of the directions of a group's gradients, for one head about 1. */
function largestFactor(group: string, table: readonly ParameterSpec[], gradients: Tensors): number {
  const part = group === "attention" ? ".attn." : ".mlp.";
  const matrices = table.filter(({ name, role }) => role === "matrix" && name.includes(part));
  return Math.max(
    ...matrices.flatMap(({ name, shape: [rows], parts, heads }) =>
      Array.from({ length: parts }, (_, i) => {
        const block = columnBlock(gradients.get(name)!, rows, parts, i);
        return operatorNorm(polarOfHeads(block, rows, heads), rows);
      })
    ),
  );
}

function assertNear(actual: number, expected: number, tolerance: number, what: string) {
  assert(Math.abs(actual / expected - 1) < tolerance, `${what}: ${actual}, not ${expected}`);
}

/** Takes a step and returns the norms, and what they come from. */
async function measure(on: typeof gpu, config: typeof ODD, options: AgdOptions) {
  const before = randomWeights(config, 1);
  const gradients = randomWeights(config, 2);
  using bench = new Bench(on, config, before, (target) => new Agd(target, options));
  await bench.step(gradients);
  const agd = bench.optimizer as Agd;
  const norms = await agd.norms();
  const after = await bench.step(new Map()); // with momentum 0 the weights stay
  const weights = new Map([...after].map(([name, values]) => [name, Float64Array.from(values)]));
  return { norms, weights, before, gradients, table: bench.target.table };
}

for (
  const [kind, on, config] of [["one binding", gpu, ODD], [
    "several",
    slim,
    LARGE_VOCABULARY,
  ]] as const
) {
  Deno.test(`agd's norms, spectral: ${kind}`, async () => {
    const check = async () => {
      const { norms, weights, before, gradients, table } = await measure(on, config, {
        momentum: 0,
      });
      assertEquals(Object.keys(norms).sort(), ["attention", "embeddings", "mlp", "vectors"]);
      const moved = new Map([...weights].map(([name, values]) => [
        name,
        values.map((value, i) => value - before.get(name)![i]),
      ]));
      for (const [group, { gradient, update, weight }] of Object.entries(norms)) {
        const isMatrix = group === "attention" || group === "mlp";
        const part = group === "attention" ? ".attn." : ".mlp.";
        const specs = table.filter(({ name, role, shape }) => {
          if (shape.length === 1) return group === "vectors";
          return role === "embedding" ? group === "embeddings" : isMatrix && name.includes(part);
        });
        // Vectors have a natural size of 1 / √2 for each block.
        const natural = Math.sqrt(1 / (2 * config.layers));
        let [expectedWeight, expectedUpdate, expectedGradient] = [0, 0, 0];
        for (const { name, shape, role, parts, fanIn, fanOut } of specs) {
          const rows = shape.length === 1 ? 1 : shape[0];
          const all = [weights, moved, gradients].map((map) => map.get(name)!);
          if (shape.length === 1) {
            const size = natural * Math.sqrt(sizeOf(shape));
            expectedWeight = Math.max(expectedWeight, norm(all[0]) / size);
            expectedUpdate = Math.max(expectedUpdate, norm(all[1]) / size);
            expectedGradient += norm(all[2]) * size;
          } else if (role === "embedding") {
            const s = Math.min(1, Math.log(config.vocabularySize) / Math.sqrt(config.width));
            const longest = (values: Float64Array) => Math.max(...rowNorms(values, rows)) / s;
            expectedWeight = Math.max(expectedWeight, longest(all[0]));
            expectedUpdate = Math.max(expectedUpdate, longest(all[1]));
            expectedGradient += rowNorms(all[2], rows).reduce((a, b) => a + b) * s;
          } else {
            const s = Math.sqrt(fanOut / fanIn);
            for (let part = 0; part < parts; part++) {
              const [w, u] = all.map((values) => columnBlock(values, rows, parts, part));
              expectedWeight = Math.max(expectedWeight, operatorNorm(w, rows) / s);
              expectedUpdate = Math.max(expectedUpdate, operatorNorm(u, rows) / s);
            }
          }
        }
        assertNear(weight, expectedWeight, isMatrix ? 0.05 : 1e-5, `weight of ${group}`);
        assertNear(update, expectedUpdate, isMatrix ? 0.05 : 1e-3, `update of ${group}`);
        if (!isMatrix) assertNear(gradient, expectedGradient, 1e-5, `gradient of ${group}`);
      }
    };
    if (on === gpu) await onBothKinds(gpu, check);
    else await check();
  });
}

for (const norm of ["spectral", "frobenius"] as const) {
  for (const vectors of ["own", "grouped", "none"] as const) {
    Deno.test(`agd's norms, ${norm}, vectors ${vectors}: gradients add up to L G, updates are eta / L`, async () => {
      const weights = randomWeights(ODD, 3);
      const options = { norm, vectors, momentum: 0, shares: "equal" } as const;
      using bench = new Bench(gpu, ODD, weights, (target) => new Agd(target, options));
      const gradients = randomWeights(ODD, 4);
      await bench.step(gradients);
      const L = norm === "spectral" ? 10 : 14;
      const [, eta, G] = await gpu.read(bench.optimizer.summary!);
      const { vectors: others, ...counted } = await (bench.optimizer as Agd).norms();
      assertEquals(others === undefined, vectors === "none");
      const sum = Object.values(counted).reduce((sum, { gradient }) => sum + gradient, 0);
      assertNear(sum / L, G, 1e-5, "G");
      for (const [group, { update }] of Object.entries(counted)) {
        const isFactor = norm === "spectral" && group !== "embeddings";
        const size = isFactor ? largestFactor(group, bench.target.table, gradients) : 1;
        assertNear(update, size * eta / L, group === "embeddings" ? 1e-4 : 0.04, group);
      }
      if (vectors === "own") assertAlmostEquals(others!.update, eta / L, 1e-6);
    });
  }
}

Deno.test("agd's norms, frobenius: of a matrix in several bindings", async () => {
  const { norms, weights } = await measure(slim, LARGE_VOCABULARY, { norm: "frobenius" });
  const [wte, wpe] = ["wte.weight", "wpe.weight"].map((name) => norm(weights.get(name)!));
  const size = Math.sqrt(263 / 65);
  assertNear(norms.embeddings!.weight, Math.max(wte / size, wpe / Math.sqrt(65 / 3)), 1e-5, "wte");
});

Deno.test("agd's norms: every group moves by eta / L, of matrices of some size", async () => {
  const config = { ...ODD, layers: 1, width: 64, context: 16, vocabularySize: 30 };
  const weights = randomWeights(config, 3);
  using bench = new Bench(
    gpu,
    config,
    weights,
    (target) => new Agd(target, { shares: "equal", momentum: 0 }),
  );
  const gradients = randomWeights(config, 4);
  await bench.step(gradients);
  const [, eta] = await gpu.read(bench.optimizer.summary!);
  const norms = Object.entries(await (bench.optimizer as Agd).norms());
  assertEquals(norms.map(([group]) => group), ["embeddings", "attention", "mlp", "vectors"]);
  for (const [group, { update }] of norms) {
    const isFactor = group === "attention" || group === "mlp";
    const size = isFactor ? largestFactor(group, bench.target.table, gradients) : 1;
    assertNear(update, size * eta / 6, 0.03, group);
  }
});

Deno.test("agd's norms: nothing of zeros", async () => {
  const zeros = new Map([...randomWeights(ODD, 1)].map(([name, v]) => [name, v.map(() => 0)]));
  using bench = new Bench(gpu, ODD, zeros, (target) => new Agd(target));
  await bench.step();
  for (const values of Object.values(await (bench.optimizer as Agd).norms())) {
    assertEquals(values, { gradient: 0, update: 0, weight: 0 });
  }
});
