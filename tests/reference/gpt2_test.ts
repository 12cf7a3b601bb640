import { assertAlmostEquals, assertEquals, assertLess } from "@std/assert";
import type { Gpt2Config } from "../../src/model/config.ts";
import { parameterTable } from "../../src/model/parameters.ts";
import { Random } from "../../src/random.ts";
import { relativeError } from "./compare.ts";
import { numericalGradient } from "./finite_difference.ts";
import { forward, lossAndGradients } from "./gpt2.ts";
import { randomIntegers, randomParameters } from "./random.ts";

const CONFIG: Gpt2Config = {
  ...{ layers: 2, heads: 2, width: 6, context: 5, vocabularySize: 11, bias: true, affine: true },
};
const B = 2;

function randomBatch(config: Gpt2Config, T: number) {
  const random = new Random(8);
  return {
    tokens: randomIntegers(random, B * T, config.vocabularySize),
    targets: randomIntegers(random, B * T, config.vocabularySize),
  };
}

/** Checks every entry of small parameters and at least 24 entries of larger ones. */
function checkGradients(config: Gpt2Config, T = config.context) {
  const parameters = randomParameters(config, 9, 0.3);
  const { tokens, targets } = randomBatch(config, T);
  const { gradients } = lossAndGradients(config, parameters, tokens, targets, B);
  const f = () => forward(config, parameters, tokens, targets, B).loss;

  const trainable = parameterTable(config).filter((spec) => spec.trainable);
  assertEquals([...gradients.keys()], trainable.map((spec) => spec.name));
  for (const [name, gradient] of gradients) {
    const stride = Math.max(1, Math.floor(gradient.length / 24));
    const indices = [...gradient.keys()].filter((i) => i % stride === 0);
    const numerical = numericalGradient(f, parameters.get(name)!, indices);
    assertLess(relativeError(indices.map((i) => gradient[i]), numerical), 1e-7, name);
  }
}

Deno.test("gpt2: every parameter's gradient is the derivative of the loss", () => {
  checkGradients(CONFIG);
});

Deno.test("gpt2: the same without trained biases", () => {
  checkGradients({ ...CONFIG, bias: false });
});

Deno.test("gpt2: the same without trained gains", () => {
  checkGradients({ ...CONFIG, affine: false });
});

Deno.test("gpt2: the same on sequences shorter than the context", () => {
  checkGradients(CONFIG, 3);
});

Deno.test("gpt2: with all weights zero every token is equally likely", () => {
  const parameters = randomParameters(CONFIG, 10, 0);
  const { tokens, targets } = randomBatch(CONFIG, CONFIG.context);
  const { loss, losses } = forward(CONFIG, parameters, tokens, targets, B);
  assertAlmostEquals(loss, Math.log(11), 1e-12);
  losses.forEach((value) => assertAlmostEquals(value, Math.log(11), 1e-12));
});

Deno.test("gpt2: a token changes no earlier loss and no other sequence's", () => {
  const parameters = randomParameters(CONFIG, 11, 0.3);
  const { tokens, targets } = randomBatch(CONFIG, CONFIG.context);
  const before = forward(CONFIG, parameters, tokens, targets, B).losses;
  tokens[3] = (tokens[3] + 1) % CONFIG.vocabularySize; // the first sequence's fourth token
  const after = forward(CONFIG, parameters, tokens, targets, B).losses;
  for (let n = 0; n < before.length; n++) {
    assertEquals(before[n] !== after[n], n === 3 || n === 4, `token ${n}`);
  }
});

Deno.test("gpt2: the loss is the mean of the losses, which the logits explain", () => {
  const parameters = randomParameters(CONFIG, 12, 0.3);
  const { tokens, targets } = randomBatch(CONFIG, CONFIG.context);
  const { loss, losses, logits } = forward(CONFIG, parameters, tokens, targets, B);
  let mean = 0;
  for (let n = 0; n < losses.length; n++) {
    const row = logits.subarray(n * 11, (n + 1) * 11);
    const probabilities = row.map(Math.exp);
    const total = probabilities.reduce((sum, value) => sum + value);
    assertAlmostEquals(losses[n], -Math.log(probabilities[targets[n]] / total), 1e-12);
    mean += losses[n] / losses.length;
  }
  assertAlmostEquals(loss, mean, 1e-12);
});

Deno.test("gpt2: one block and one token worked out by hand", () => {
  const config: Gpt2Config = {
    ...{ layers: 1, heads: 1, width: 4, context: 1, vocabularySize: 2, bias: true, affine: true },
  };
  const parameters = randomParameters(config, 13, 0);
  const set = (name: string, columns: number, entries: [number, number, number][]) => {
    for (const [r, c, value] of entries) parameters.get(name)![r * columns + c] = value;
  };
  for (const norm of ["h.0.ln_1", "ln_f"]) parameters.get(`${norm}.weight`)!.fill(1);
  parameters.get("h.0.ln_2.weight")!.fill(Math.sqrt(5));
  // x = (1, -1, 1, -1), of mean 0 and variance 1: the norm leaves it alone, and so does attention.
  set("wte.weight", 4, [[0, 0, 1], [1, 2, 1]]);
  set("wpe.weight", 4, [[0, 1, -1], [0, 2, 1], [0, 3, -1]]);
  set("h.0.attn.c_attn.weight", 12, [[0, 8, 1], [1, 9, 1], [2, 10, 1], [3, 11, 1]]);
  // x + (2, -2, 0, 0) = (3, -3, 1, -1), of variance 5, which ln_2's gain of √5 undoes.
  set("h.0.attn.c_proj.weight", 4, [[0, 0, 2], [1, 1, 2]]);
  // Hidden units 3 - 2 · 1 = 1 and -1; gelu(1) = 0.841192, gelu(-1) = -0.158808.
  set("h.0.mlp.c_fc.weight", 16, [[0, 0, 1], [2, 0, -2], [3, 1, 1]]);
  set("h.0.mlp.c_proj.weight", 4, [[0, 0, 1], [0, 1, -1], [1, 2, -1], [1, 3, 1]]);
  // (a, -a, b, -b) with a = 3.841192, b = 1.158808, over the deviation √((a² + b²) / 2); the two
  // logits are its first and third elements.
  const { logits } = forward(config, parameters, [0], [1], 1);
  assertAlmostEquals(logits[0], 1.353944, 1e-5);
  assertAlmostEquals(logits[1], 0.408457, 1e-5);
});
