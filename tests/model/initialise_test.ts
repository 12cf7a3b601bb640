import { assert, assertAlmostEquals, assertEquals, assertLess, assertNotEquals } from "@std/assert";
import type { Gpu } from "../../src/gpu/gpu.ts";
import type { Gpt2Config } from "../../src/model/config.ts";
import { type Initialisation, initialWeights } from "../../src/model/initialise.ts";
import { type ParameterSpec, parameterTable } from "../../src/model/parameters.ts";
import { paddedVocabulary } from "../../src/ops/cross_entropy.ts";
import { openTestGpu } from "../ops/helpers.ts";
import { columnBlock } from "../reference/optimizers/column_block.ts";
import { LARGE_VOCABULARY, ODD, readTensors, SLIM } from "./helpers.ts";

const gpu = await openTestGpu();
const slim = await openTestGpu(SLIM);

/** Reads the initial weights, and checks that nothing else is left on the GPU. */
async function initialised(
  config: Gpt2Config,
  initialisation: Initialisation,
  seed = 1,
  on: Gpu = gpu,
): Promise<Map<string, Float32Array>> {
  const before = on.allocatedBytes;
  const weights = await initialWeights(on, parameterTable(config), initialisation, seed);
  const values = await readTensors(on, weights);
  // The padding rows of wte too.
  const wte = weights.get("wte.weight")!;
  const rows = paddedVocabulary(config.vocabularySize);
  const all = wte.rows(0, rows);
  assert(all.byteLength <= wte.byteLength);
  const padding = (await on.read(all)).subarray(wte.size);
  assert(padding.every((value) => value === 0));
  on.free(...weights.values());
  assertEquals(on.allocatedBytes, before);
  return values;
}

/** Asserts that each part is a semi-orthogonal matrix times `scale`: WᵀW or W Wᵀ is scale² I. */
function assertOrthogonal(values: Float32Array, spec: ParameterSpec, scale: number) {
  const [rows, stride] = spec.shape as readonly [number, number];
  const columns = stride / spec.parts;
  const short = Math.min(rows, columns);
  for (let part = 0; part < spec.parts; part++) {
    const W = columnBlock(Float64Array.from(values), rows, spec.parts, part);
    const at = (i: number, k: number) => rows <= columns ? W[i * columns + k] : W[k * columns + i];
    for (let i = 0; i < short; i++) {
      for (let j = 0; j <= i; j++) {
        let product = 0;
        for (let k = 0; k < Math.max(rows, columns); k++) product += at(i, k) * at(j, k);
        const expected = i === j ? 1 : 0;
        assertAlmostEquals(product / scale ** 2, expected, 1e-5, `${spec.name} ${part} ${i} ${j}`);
      }
    }
  }
}

function assertVectors(values: Map<string, Float32Array>, config: Gpt2Config) {
  for (const { name, role } of parameterTable(config)) {
    if (role === "gain") assert(values.get(name)!.every((value) => value === 1), name);
    if (role === "bias") assert(values.get(name)!.every((value) => value === 0), name);
  }
}

const natural = (spec: ParameterSpec) => Math.sqrt(spec.fanOut / spec.fanIn);

// wte (40, 8) goes the way of tall matrices, wpe (5, 8) does not.
const TALL: Gpt2Config = { ...ODD, width: 8, vocabularySize: 39 };

for (const config of [ODD, TALL]) {
  const name = `width ${config.width}`;

  Deno.test(`natural: matrices and rows of their natural size, projections 0: ${name}`, async () => {
    const values = await initialised(config, "natural");
    assertVectors(values, config);
    for (const spec of parameterTable(config)) {
      const tensor = values.get(spec.name)!;
      if (spec.residual) assert(tensor.every((value) => value === 0), spec.name);
      else if (spec.role === "matrix") assertOrthogonal(tensor, spec, natural(spec));
      if (spec.role !== "embedding") continue;
      for (let row = 0; row < spec.shape[0]; row++) {
        const part = tensor.subarray(row * config.width, (row + 1) * config.width);
        const size = Math.min(1, Math.log(config.vocabularySize) / Math.sqrt(config.width));
        assertAlmostEquals(Math.hypot(...part), size, 1e-6, `${spec.name} ${row}`);
      }
    }
  });

  Deno.test(`orthogonal: every two-dimensional parameter, as published: ${name}`, async () => {
    const values = await initialised(config, "orthogonal");
    assertVectors(values, config);
    for (const spec of parameterTable(config)) {
      if (spec.shape.length === 2) assertOrthogonal(values.get(spec.name)!, spec, natural(spec));
    }
  });
}

Deno.test("orthogonal: a tall wte in several bindings", async () => {
  // 300 rows are more than 4 · 65, and only the first 256 fit one binding.
  const config = { ...LARGE_VOCABULARY, vocabularySize: 299 };
  const values = await initialised(config, "orthogonal", 1, slim);
  const [wte] = parameterTable(config);
  assertOrthogonal(values.get("wte.weight")!, wte, natural(wte));
});

Deno.test("orthogonal: small matrices, of which a few start far from the usual size", async () => {
  const config = { ...ODD, layers: 1, heads: 1, width: 2 };
  // At 12, 26 and 54 a matrix of normals has a singular value of 1.26 (sqrt(2) + sqrt(2)) or more.
  for (const seed of [1, 2, 12, 26, 54]) {
    const values = await initialised(config, "orthogonal", seed);
    for (const spec of parameterTable(config)) {
      if (spec.shape.length === 2) assertOrthogonal(values.get(spec.name)!, spec, natural(spec));
    }
  }
});

Deno.test("normal: GPT-2's deviations", async () => {
  const config = { ...ODD, width: 32, vocabularySize: 99 };
  const values = await initialised(config, "normal");
  assertVectors(values, config);
  for (const { name, shape, residual } of parameterTable(config)) {
    if (shape.length !== 2) continue;
    const tensor = values.get(name)!;
    const deviation = 0.02 * (residual ? 0.5 : 1); // 1 / sqrt(2 · 2 layers)
    const mean = tensor.reduce((sum, value) => sum + value, 0) / tensor.length;
    const variance = tensor.reduce((sum, value) => sum + value ** 2, 0) / tensor.length;
    // Five times the standard error of each.
    assertLess(Math.abs(mean), 5 * deviation / Math.sqrt(tensor.length), name);
    assertLess(Math.abs(variance / deviation ** 2 - 1), 5 * Math.sqrt(2 / tensor.length), name);
  }
});

Deno.test("initialisation: the seed decides", async () => {
  for (const initialisation of ["natural", "orthogonal", "normal"] as const) {
    const [first, again, other] = [
      await initialised(TALL, initialisation, 1),
      await initialised(TALL, initialisation, 1),
      await initialised(TALL, initialisation, 2),
    ];
    assertEquals(first, again);
    for (const { name, shape, residual } of parameterTable(TALL)) {
      if (shape.length !== 2) continue;
      if (initialisation === "natural" && residual) assertEquals(first.get(name), other.get(name));
      else assertNotEquals(first.get(name), other.get(name), name);
    }
  }
});

Deno.test("initialisation: no two matrices, and no two parts, are the same", async () => {
  const values = await initialised(ODD, "natural");
  const blocks = [0, 1, 2].flatMap((part) =>
    ["h.0", "h.1"].map((h) => {
      const W = Float64Array.from(values.get(`${h}.attn.c_attn.weight`)!);
      return columnBlock(W, 6, 3, part).join();
    })
  );
  assertEquals(new Set(blocks).size, 6);
});
