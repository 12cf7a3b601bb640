import { assertAlmostEquals, assertEquals, assertLess, assertNotEquals } from "@std/assert";
import type { Gpt2Config } from "../../../src/model/config.ts";
import { parameterTable, sizeOf } from "../../../src/model/parameters.ts";
import { Random } from "../../../src/random.ts";
import { relativeError } from "../compare.ts";
import { lossAndGradients, type Tensors } from "../gpt2.ts";
import { randomIntegers, randomParameters } from "../random.ts";
import { Agd, type AgdOptions, automaticStepSize } from "./agd.ts";
import { polar } from "./polar.ts";

// fan-out / fan-in: wte 8 / 2, wpe 2 / 2, c_fc 8 / 2, mlp.c_proj 2 / 8, the others 1.
const CONFIG: Gpt2Config = {
  ...{ layers: 1, heads: 1, width: 2, context: 2, vocabularySize: 8, bias: true, affine: true },
};
const TABLE = parameterTable(CONFIG);
/** p of the first step, with a momentum of 0.8. */
const FIRST = Math.sqrt(1 - 0.8 ** 2);

/** Gradients that are zero but for the given elements, each [name, index, value]. */
function sparseGradients(...entries: [string, number, number][]): Tensors {
  const gradients: Tensors = new Map(
    TABLE.map(({ name, shape }) => [name, new Float64Array(sizeOf(shape))]),
  );
  for (const [name, index, value] of entries) gradients.get(name)![index] = value;
  return gradients;
}

function copy(tensors: Tensors): Tensors {
  return new Map([...tensors].map(([name, values]) => [name, values.slice()]));
}

/** Asserts that one step moved the given elements, each [name, index, by], and nothing else. */
function assertMoved(before: Tensors, after: Tensors, ...entries: [string, number, number][]) {
  const expected = copy(before);
  for (const [name, index, by] of entries) expected.get(name)![index] += by;
  for (const [name, values] of after) {
    values.forEach((value, i) =>
      assertAlmostEquals(value, expected.get(name)![i], 1e-12, `${name}[${i}]`)
    );
  }
}

/** Trains on one batch and returns the loss before each step. */
function losses(options: AgdOptions, steps: number): number[] {
  const config = { ...CONFIG, layers: 2, heads: 2, width: 8, context: 6 };
  const table = parameterTable(config);
  const parameters = randomParameters(config, 17, 0.3);
  const tokens = randomIntegers(new Random(18), 13, config.vocabularySize);
  const agd = new Agd(table, parameters, options);
  return Array.from({ length: steps }, () => {
    const { loss, gradients } = lossAndGradients(
      ...[config, parameters, tokens.subarray(0, 12), tokens.subarray(1), 2] as const,
    );
    agd.step(parameters, gradients);
    return loss;
  });
}

Deno.test("agd: the automatic step size's check values", () => {
  assertEquals(automaticStepSize(0), 0);
  assertAlmostEquals(automaticStepSize(1), 0.481212, 5e-7);
  assertAlmostEquals(automaticStepSize(2), 0.693147, 5e-7);
  assertAlmostEquals(automaticStepSize(6), 1.098612, 5e-7);
});

Deno.test("agd, frobenius: one step worked out by hand", () => {
  const before = randomParameters(CONFIG, 19, 1);
  const after = copy(before);
  const gradients = sparseGradients(
    ["wte.weight", 0, 3], // ‖g‖ = 5, s = 2
    ["wte.weight", 7, -4],
    ["wpe.weight", 1, 2], // ‖g‖ = 2, s = 1
    ["h.0.ln_1.weight", 1, 5], // in wpe's group
    ["h.0.attn.c_attn.weight", 2, 2], // the key's first column: ‖g‖ = 2, s = 1
    ["h.0.attn.c_attn.bias", 3, 6], // the key's
    ["h.0.attn.c_attn.bias", 0, 7], // the query's, whose weight has no gradient
    ["h.0.mlp.c_proj.weight", 4, -4], // ‖g‖ = 4, s = 1/2
    ["ln_f.bias", 0, 2], // in mlp.c_proj's group
  );
  const { eta, gradientSummary } = new Agd(TABLE, before, { norm: "frobenius" })
    .step(after, gradients);

  // L = 6 + 2 layers; G = (2 · 5 + 1 · 2 + 1 · 2 + 1/2 · 4) / 8 = 2, so eta = ln 2.
  assertAlmostEquals(gradientSummary, 2, 1e-12);
  assertAlmostEquals(eta, Math.LN2, 1e-12);
  const unit = Math.LN2 / 8;
  assertMoved(
    before,
    after,
    ["wte.weight", 0, -unit * 2 * 3 / 5],
    ["wte.weight", 7, unit * 2 * 4 / 5],
    ["wpe.weight", 1, -unit],
    ["h.0.ln_1.weight", 1, -unit * 5 / 2],
    ["h.0.attn.c_attn.weight", 2, -unit],
    ["h.0.attn.c_attn.bias", 3, -unit * 6 / 2],
    ["h.0.mlp.c_proj.weight", 4, unit / 2],
    ["ln_f.bias", 0, -unit / 2 * 2 / 4],
  );
});

Deno.test("agd, spectral: one step worked out by hand", () => {
  const before = randomParameters(CONFIG, 20, 1);
  const after = copy(before);
  // Matrices of rank one, whose polar factor is G / ‖G‖_F times the iteration's image of 1.
  const one = polar(Float64Array.of(1), 1, 1)[0];
  const gradients = sparseGradients(
    ["wte.weight", 0, 3], // row norms 5 and 2
    ["wte.weight", 1, -4],
    ["wte.weight", 6, 2],
    ["wpe.weight", 3, -1], // row norm 1
    ["h.0.attn.c_attn.weight", 4, 3 / one], // the value's first column, s = 1
    ["h.0.attn.c_attn.weight", 10, 4 / one],
    ["h.0.attn.c_attn.weight", 1, 6 / one], // the query's second column
    ["h.0.attn.c_attn.bias", 0, 3], // length 6, ‖g‖ = 5, s = 1 / √2 in one block
    ["h.0.attn.c_attn.bias", 5, 4],
    ["h.0.mlp.c_fc.weight", 8, -3 / one], // the second row, s = 2
    ["h.0.mlp.c_fc.weight", 13, -4 / one],
    ["ln_f.weight", 1, 1e-3], // length 2
  );
  const { eta, gradientSummary } = new Agd(TABLE, before, { shares: "equal" })
    .step(after, gradients);

  // L = 4 + 2; G = (5 + 2 + 1 + 5 + 6 + 2 · 5) / 6 = 29 / 6. Dual norms are ⟨G, D⟩.
  assertAlmostEquals(gradientSummary, 29 / 6, 1e-12);
  assertAlmostEquals(eta, Math.log((1 + Math.sqrt(1 + 4 * 29 / 6)) / 2), 1e-12);
  const unit = FIRST * eta / 6;
  assertMoved(
    before,
    after,
    ["wte.weight", 0, -unit * 3 / 5],
    ["wte.weight", 1, unit * 4 / 5],
    ["wte.weight", 6, -unit],
    ["wpe.weight", 3, unit],
    ["h.0.attn.c_attn.weight", 4, -unit * one * 3 / 5],
    ["h.0.attn.c_attn.weight", 10, -unit * one * 4 / 5],
    ["h.0.attn.c_attn.weight", 1, -unit * one],
    ["h.0.attn.c_attn.bias", 0, -unit * Math.SQRT1_2 * Math.sqrt(6) * 3 / 5],
    ["h.0.attn.c_attn.bias", 5, -unit * Math.SQRT1_2 * Math.sqrt(6) * 4 / 5],
    ["h.0.mlp.c_fc.weight", 8, unit * 2 * one * 3 / 5],
    ["h.0.mlp.c_fc.weight", 13, unit * 2 * one * 4 / 5],
    ["ln_f.weight", 1, -unit * Math.SQRT1_2 * Math.sqrt(2)],
  );
});

Deno.test("agd, spectral: shares of eta in proportion to the dual norms", () => {
  const before = randomParameters(CONFIG, 20, 1);
  const after = copy(before);
  const one = polar(Float64Array.of(1), 1, 1)[0];
  const gradients = sparseGradients(
    ["wte.weight", 0, 3], // row norms 5 and 2: 7
    ["wte.weight", 1, -4],
    ["wte.weight", 6, 2],
    ["wpe.weight", 3, -1], // 1
    ["h.0.attn.c_attn.weight", 4, 6 / one], // the value's: 6
    ["h.0.mlp.c_fc.weight", 8, 5 / one], // s = 2: 10
    ["ln_f.weight", 1, 3], // length 2, s = 1 / √2: 3, beside the sum
  );
  const result = new Agd(TABLE, before).step(after, gradients);

  // L = 4 + 2; the sum is 7 + 1 + 6 + 10 = 24.
  assertAlmostEquals(result.gradientSummary, 24 / 6, 1e-12);
  const eta = FIRST * result.eta;
  assertMoved(
    before,
    after,
    ["wte.weight", 0, -eta * 7 / 24 * 3 / 5],
    ["wte.weight", 1, eta * 7 / 24 * 4 / 5],
    ["wte.weight", 6, -eta * 7 / 24],
    ["wpe.weight", 3, eta * 1 / 24],
    ["h.0.attn.c_attn.weight", 4, -eta * 6 / 24 * one],
    ["h.0.mlp.c_fc.weight", 8, -eta * 10 / 24 * 2 * one],
    ["ln_f.weight", 1, -eta * 3 / 24],
  );
});

Deno.test("agd, spectral: a grouped vector moves by its matrix's size and dual norm", () => {
  const before = randomParameters(CONFIG, 20, 1);
  const after = copy(before);
  const one = polar(Float64Array.of(1), 1, 1)[0];
  const gradients = sparseGradients(
    ["wpe.weight", 0, 3], // row norms 3 and 1: a dual norm of 4
    ["wpe.weight", 3, -1],
    ["h.0.ln_1.bias", 1, 2], // in wpe's group
    ["h.0.mlp.c_fc.weight", 8, 5 / one], // a dual norm of 5, s = 2
    ["h.0.mlp.c_fc.bias", 0, 10],
  );
  const options = { vectors: "grouped", nesterov: true, shares: "equal" } as const;
  const { eta, gradientSummary } = new Agd(TABLE, before, options).step(after, gradients);

  // L = 4 + 2; after one step Nesterov's average, too, is the gradient.
  assertAlmostEquals(gradientSummary, (4 + 2 * 5) / 6, 1e-12);
  const unit = FIRST * eta / 6;
  assertMoved(
    before,
    after,
    ["wpe.weight", 0, -unit],
    ["wpe.weight", 3, unit],
    ["h.0.ln_1.bias", 1, -unit * 2 / 4],
    ["h.0.mlp.c_fc.weight", 8, -unit * 2 * one],
    ["h.0.mlp.c_fc.bias", 0, -unit * 2 * 10 / 5],
  );
});

Deno.test("agd, spectral: momentum averages gradients and corrects for its start", () => {
  const parameters = randomParameters(CONFIG, 21, 1);
  const agd = new Agd(TABLE, parameters);
  // Row sums alone: G = ‖ĝ‖ / 6, and ĝ = 1, then with m = 0.8 · 0.2 · 1 + 0.2 · 3 = 0.76 Nesterov's
  // (0.8 · 0.76 + 0.2 · 3) / (1 - 0.8³).
  const first = agd.step(parameters, sparseGradients(["wpe.weight", 0, 1]));
  const second = agd.step(parameters, sparseGradients(["wpe.weight", 0, 3]));
  assertAlmostEquals(first.gradientSummary, 1 / 6, 1e-12);
  assertAlmostEquals(second.gradientSummary, 1.208 / 0.488 / 6, 1e-12);
});

Deno.test("agd, spectral: momentum's decay grows to 1 - 15 / t, and looks ahead by less or not", () => {
  const name = { rows: "wpe.weight", matrix: "h.0.mlp.c_fc.weight", vector: "h.0.ln_1.bias" };
  const one = polar(Float64Array.of(1), 1, 1)[0];
  // Each in units of its first steps, of which all have the same gradient.
  const course = (kind: keyof typeof name, options: AgdOptions) => {
    const parameters = randomParameters(CONFIG, 21, 1);
    const agd = new Agd(TABLE, parameters, { momentum: 0.25, shortening: false, ...options });
    const measured = Array.from({ length: 40 }, (_, t) => {
      const before = parameters.get(name.vector)![1];
      const size = t < 20 ? 1 : 3;
      // Beside a vector something has to enter G.
      const gradients = kind === "vector"
        ? sparseGradients([name.vector, 1, size], [name.rows, 0, 1])
        : sparseGradients([name[kind], 0, size / (kind === "matrix" ? one : 1)]);
      const { gradientSummary } = agd.step(parameters, gradients);
      return kind === "vector" ? before - parameters.get(name.vector)![1] : gradientSummary;
    });
    return measured.map((value) => value / measured[19]);
  };
  for (const [kind, fading] of [["matrix", 0], ["rows", 0.5], ["vector", 1]] as const) {
    const average = course(kind, { nesterov: false });
    const ahead = course(kind, {});
    // As 0.25 = 1 - 15 / 20, growth is from step 21 on.
    let m = 1;
    for (let t = 21; t <= 40; t++) {
      m = (1 - 15 / t) * m + 15 / t * 3;
      const weight = 0.75 * (15 / t / 0.75) ** fading;
      assertAlmostEquals(average[t - 1], m, 1e-9);
      assertAlmostEquals(ahead[t - 1], (1 - weight) * m + weight * 3, 1e-9);
    }
  }
});

Deno.test("agd, spectral: steps shorten by the fourth root of what memory grows by", () => {
  const parameters = [1, 2].map(() => randomParameters(CONFIG, 21, 1));
  const [shortening, lasting] = [{}, { shortening: false }].map((options, i) =>
    new Agd(TABLE, parameters[i], { momentum: 0.25, ...options })
  );
  for (let t = 1; t <= 40; t++) {
    const before = parameters.map((tensors) => tensors.get("wpe.weight")![0]);
    const gradients = sparseGradients(["wpe.weight", 0, t % 7 + 1]);
    const [one, other] = [shortening, lasting].map((agd, i) => agd.step(parameters[i], gradients));
    assertEquals(one, other);
    const [short, long] = parameters.map((tensors, i) => before[i] - tensors.get("wpe.weight")![0]);
    // As 0.25 = 1 - 15 / 20, growth is from step 21 on.
    assertAlmostEquals(short / long, Math.min(1, 20 / t) ** 0.25, 1e-9);
  }
});

Deno.test("agd, frobenius: no momentum unless asked for", () => {
  const parameters = randomParameters(CONFIG, 21, 1);
  for (const [options, expected] of [[{}, 3 / 8], [{ momentum: 0.9 }, 0.39 / 0.19 / 8]] as const) {
    const agd = new Agd(TABLE, parameters, { norm: "frobenius", ...options });
    agd.step(parameters, sparseGradients(["wpe.weight", 0, 1]));
    const { gradientSummary } = agd.step(parameters, sparseGradients(["wpe.weight", 0, 3]));
    assertAlmostEquals(gradientSummary, expected, 1e-12);
  }
});

Deno.test("agd, spectral: a row that was larger before is divided by its root mean square", () => {
  const before = randomParameters(CONFIG, 20, 1);
  const after = copy(before);
  const agd = new Agd(TABLE, before, { momentum: 0, shares: "equal" });
  const first = agd.step(after, sparseGradients(["wpe.weight", 0, 3], ["wpe.weight", 3, 1]));
  // Mean squares of 9 + 2/3 (1 - 9) and 1 + 2/3 (16 - 1), which is below 16.
  const second = agd.step(after, sparseGradients(["wpe.weight", 0, 1], ["wpe.weight", 3, -4]));
  const [one, two] = [first.eta / 6, second.eta / 6];
  assertAlmostEquals(second.gradientSummary, (1 + 4) / 6, 1e-12);
  assertMoved(
    before,
    after,
    ["wpe.weight", 0, -one - two / Math.sqrt(11 / 3)],
    ["wpe.weight", 3, -one + two],
  );
});

Deno.test("agd: the averaged iterate starts at the initial weights and follows by 8 / (8 + t)", () => {
  const parameters = randomParameters(CONFIG, 22, 1);
  const agd = new Agd(TABLE, parameters);
  const W0 = parameters.get("wpe.weight")![0];
  assertEquals(agd.average.get("wpe.weight")![0], W0);
  agd.step(parameters, sparseGradients(["wpe.weight", 0, 1]));
  const W1 = parameters.get("wpe.weight")![0];
  agd.step(parameters, sparseGradients(["wpe.weight", 0, 1]));
  const W2 = parameters.get("wpe.weight")![0];
  const expected = (W0 / 9 + W1 * 8 / 9) / 5 + W2 * 4 / 5;
  assertAlmostEquals(agd.average.get("wpe.weight")![0], expected, 1e-12);
  assertEquals(agd.average.get("wte.weight")![0], parameters.get("wte.weight")![0]);
});

for (const norm of ["frobenius", "spectral"] as const) {
  Deno.test(`agd, ${norm}: zero gradients leave everything as it is`, () => {
    const before = randomParameters(CONFIG, 23, 1);
    const after = copy(before);
    const agd = new Agd(TABLE, before, { norm });
    for (let step = 0; step < 2; step++) {
      assertEquals(agd.step(after, sparseGradients()), { eta: 0, gradientSummary: 0 });
    }
    assertEquals(after, before);
    for (const [name, average] of agd.average) {
      assertLess(relativeError(average, before.get(name)!), 1e-15, name);
    }
  });

  Deno.test(`agd, ${norm}: parameters held fixed stay fixed`, () => {
    const config = { ...CONFIG, affine: false, bias: false };
    const table = parameterTable(config);
    const before = randomParameters(config, 24, 1);
    const after = copy(before);
    const { gradients } = lossAndGradients(config, before, [0, 1], [1, 2], 1);
    new Agd(table, before, { norm }).step(after, gradients);
    for (const { name, trainable } of table) {
      if (!trainable) assertEquals(after.get(name), before.get(name), name);
    }
    assertNotEquals(after.get("wte.weight"), before.get("wte.weight"));
  });

  Deno.test(`agd, ${norm}: learns one batch with nothing tuned`, () => {
    const values = losses({ norm }, 100);
    assertLess(values[99], values[0] / 4);
  });
}
