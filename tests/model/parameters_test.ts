import { assertAlmostEquals, assertEquals } from "@std/assert";
import { FULL_VOCABULARY_SIZE, type PresetName, PRESETS } from "../../src/model/config.ts";
import {
  naturalRowSize,
  parameterCount,
  parameterTable,
  sizeOf,
} from "../../src/model/parameters.ts";
import { ODD } from "./helpers.ts";

Deno.test("parameterCount is that of the published models", () => {
  const rest = { vocabularySize: FULL_VOCABULARY_SIZE, bias: true, affine: true };
  const counts: [PresetName, number][] = [
    ["gpt2", 124_439_808],
    ["gpt2-medium", 354_823_168],
    ["gpt2-large", 774_030_080],
    ["gpt2-xl", 1_557_611_200],
  ];
  for (const [name, count] of counts) {
    assertEquals(parameterCount({ ...PRESETS[name], ...rest }), count, name);
  }
});

Deno.test("parameterTable has Hugging Face's names and shapes, in definition order", () => {
  const block = (h: string) => [
    ...[`${h}.ln_1.weight (6)`, `${h}.ln_1.bias (6)`],
    ...[`${h}.attn.c_attn.weight (6,18)`, `${h}.attn.c_attn.bias (18)`],
    ...[`${h}.attn.c_proj.weight (6,6)`, `${h}.attn.c_proj.bias (6)`],
    ...[`${h}.ln_2.weight (6)`, `${h}.ln_2.bias (6)`],
    ...[`${h}.mlp.c_fc.weight (6,24)`, `${h}.mlp.c_fc.bias (24)`],
    ...[`${h}.mlp.c_proj.weight (24,6)`, `${h}.mlp.c_proj.bias (6)`],
  ];
  assertEquals(
    parameterTable(ODD).map(({ name, shape }) => `${name} (${shape})`),
    [
      ...["wte.weight (11,6)", "wpe.weight (5,6)", ...block("h.0"), ...block("h.1")],
      ...["ln_f.weight (6)", "ln_f.bias (6)"],
    ],
  );
});

Deno.test("parameterTable: fans are those of the linear map, per part", () => {
  for (const { role, shape, fanIn, fanOut, parts, name } of parameterTable(ODD)) {
    if (role === "matrix") assertEquals(shape, [fanIn, parts * fanOut], name);
    assertEquals(parts, name.endsWith("c_attn.weight") ? 3 : 1, name);
  }
  const [wte, wpe] = parameterTable(ODD);
  assertEquals([wte.fanIn, wte.fanOut], [6, 11]);
  assertEquals([wpe.fanIn, wpe.fanOut], [5, 6]);
});

Deno.test("parameterTable: what is not trained does not count, but has its place", () => {
  const all = parameterTable(ODD);
  const trained = (bias: boolean, affine: boolean) =>
    parameterTable({ ...ODD, bias, affine }).filter((spec) => spec.trainable);
  const gains = all.filter(({ role }) => role === "gain").map(({ name }) => name);
  const biases = all.filter(({ role }) => role === "bias").map(({ name }) => name);
  const names = (bias: boolean, affine: boolean) => trained(bias, affine).map(({ name }) => name);
  assertEquals(names(true, true).length, all.length);
  assertEquals(names(false, true).filter((name) => biases.includes(name)), []);
  assertEquals(names(false, true).filter((name) => gains.includes(name)), gains);
  assertEquals(names(true, false).filter((name) => /ln_/.test(name)), []);
  assertEquals(names(true, false).filter((name) => biases.includes(name)).length, 8);
  assertEquals(
    parameterCount({ ...ODD, bias: false, affine: false }),
    11 * 6 + 5 * 6 + 2 * (12 * 6 * 6),
  );
  assertEquals(parameterTable({ ...ODD, bias: false, affine: false }).length, all.length);
  assertEquals(sizeOf([]), 1);
});

Deno.test("naturalRowSize: 1, or as much as logits of ln V take at that width", () => {
  const size = (width: number, vocabularySize: number) =>
    naturalRowSize(parameterTable({ ...ODD, width, vocabularySize }));
  assertEquals(size(16, 50_257), 1);
  assertAlmostEquals(size(768, 50_257) * Math.sqrt(768), Math.log(50_257), 1e-9);
  // also where the table of positions is square
  assertAlmostEquals(size(ODD.context, 3), Math.log(3) / Math.sqrt(5), 1e-9);
  assertEquals(naturalRowSize(parameterTable(ODD).slice(2)), 1);
});
