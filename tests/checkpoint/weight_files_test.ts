import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { UserError } from "../../src/errors.ts";
import { type ParameterSpec, parameterTable, sizeOf } from "../../src/model/parameters.ts";
import { type TensorSource, writeSafetensors } from "../../src/checkpoint/safetensors.ts";
import { WeightFiles } from "../../src/checkpoint/weight_files.ts";
import { TempDir } from "../data/fixtures.ts";
import { ODD } from "../model/helpers.ts";

const TABLE = parameterTable(ODD);

/** A tensor of values that belong to its name. */
function tensor({ name, shape }: Pick<ParameterSpec, "name" | "shape">, prefix = ""): TensorSource {
  return { name: prefix + name, shape, data: () => valuesOf(name, sizeOf(shape)) };
}

function valuesOf(name: string, count: number): Float32Array {
  const seed = [...name].reduce((sum, character) => sum + character.charCodeAt(0), 0);
  return Float32Array.from({ length: count }, (_, i) => seed + i);
}

const OUTPUT = { ...tensor(TABLE[0]), name: "lm_head.weight" };

/** Asserts that every parameter has the values that belong to its name. */
async function assertComplete(directory: string): Promise<void> {
  using files = await WeightFiles.open(directory);
  files.check(TABLE, "config.json");
  for (const { name, shape } of TABLE) {
    assertEquals(await files.read(name), valuesOf(name, sizeOf(shape)), name);
  }
}

/** Writes parts and their index. */
async function writeParts(
  directory: string,
  parts: Record<string, TensorSource[]>,
  map: Record<string, unknown> = {},
): Promise<void> {
  for (const [file, tensors] of Object.entries(parts)) {
    await writeSafetensors(`${directory}/${file}`, tensors);
    for (const { name } of tensors) map[name] ??= file;
  }
  const index = JSON.stringify({ metadata: { total_size: 1 }, weight_map: map });
  await Deno.writeTextFile(`${directory}/model.safetensors.index.json`, index);
}

Deno.test("weights: one file, with a prefix or without, with masks and the output matrix", async () => {
  const mask = (name: string) => ({ name, shape: [1, 1, 2, 2], data: () => new Float32Array(4) });
  for (const prefix of ["", "transformer."]) {
    await using temp = new TempDir();
    const path = `${temp.path}/model.safetensors`;
    await writeSafetensors(path, TABLE.map((spec) => tensor(spec, prefix)));
    await assertComplete(temp.path);
    await writeSafetensors(path, [
      ...TABLE.map((spec) => tensor(spec, prefix)),
      ...[mask(`${prefix}h.0.attn.bias`), mask(`${prefix}h.1.attn.masked_bias`), OUTPUT],
    ]);
    await assertComplete(temp.path);
  }
});

Deno.test("weights: in parts", async () => {
  await using temp = new TempDir();
  await writeParts(temp.path, {
    "model-00001-of-00002.safetensors": TABLE.slice(0, 7).map((spec) => tensor(spec)),
    "model-00002-of-00002.safetensors": [
      ...TABLE.slice(7).map((spec) => tensor(spec, "transformer.")),
      OUTPUT,
    ],
  });
  await assertComplete(temp.path);
  // The whole comes before parts, as at Hugging Face.
  await writeSafetensors(`${temp.path}/model.safetensors`, TABLE.map((spec) => tensor(spec)));
  await Deno.remove(`${temp.path}/model-00002-of-00002.safetensors`);
  await assertComplete(temp.path);
});

Deno.test("weights: what is missing, unexpected or of another shape is named", async () => {
  await using temp = new TempDir();
  const path = `${temp.path}/model.safetensors`;
  const all = TABLE.map((spec) => tensor(spec));
  const wrong: [TensorSource[], string][] = [
    [all.filter(({ name }) => name !== "ln_f.bias"), "tensor ln_f.bias is missing"],
    [
      all.filter(({ name }) => !name.startsWith("wpe") && !name.startsWith("ln_f")),
      "tensor wpe.weight is missing, and so are 2 more: ln_f.weight, ln_f.bias",
    ],
    [
      [...all, tensor({ name: "h.2.ln_1.bias", shape: [6] }, "transformer.")],
      "tensor transformer.h.2.ln_1.bias is unexpected in the model that config.json describes",
    ],
    [
      [...all.slice(1), { ...all[0], shape: [ODD.width, ODD.vocabularySize] }],
      "tensor wte.weight is (6, 11), but config.json says (11, 6)",
    ],
    [
      [...all, { ...OUTPUT, shape: [ODD.width, ODD.vocabularySize] }],
      "tensor lm_head.weight is (6, 11), but config.json says (11, 6)",
    ],
  ];
  for (const [tensors, message] of wrong) {
    await writeSafetensors(path, tensors);
    using files = await WeightFiles.open(temp.path);
    const error = assertThrows(() => files.check(TABLE, "config.json"), UserError);
    assertEquals(error.message, `${path}: ${message}`);
  }
  await writeSafetensors(path, [...all, tensor(TABLE[1], "transformer.")]);
  const error = await assertRejects(() => WeightFiles.open(temp.path), UserError);
  assertEquals(
    error.message,
    `${path}: tensor transformer.wpe.weight comes twice, also as wpe.weight`,
  );
});

Deno.test("weights: an output matrix of its own is refused", async () => {
  await using temp = new TempDir();
  const path = `${temp.path}/model.safetensors`;
  const values = valuesOf("wte.weight", 66);
  values[27] += 1;
  const output = { ...OUTPUT, data: () => values };
  await writeSafetensors(path, [...TABLE.map((spec) => tensor(spec)), output]);
  using files = await WeightFiles.open(temp.path);
  files.check(TABLE, "config.json");
  const error = await assertRejects(() => files.read("wte.weight"), UserError);
  assertEquals(
    error.message,
    `${path}: lm_head.weight differs from wte.weight in row 4: only a model whose output matrix is ` +
      "its embedding can be loaded",
  );
});

Deno.test("weights: those that only PyTorch reads are told of", async () => {
  await using temp = new TempDir();
  const open = async () => void await WeightFiles.open(temp.path);
  const single = `${temp.path}/model.safetensors`;
  await assertRejects(open, UserError, `${single}: cannot read: No such file or directory`);
  for (const name of ["pytorch_model.bin.index.json", "pytorch_model.bin"]) {
    await temp.write(name, "");
    await assertRejects(
      open,
      UserError,
      `${temp.path} has ${name}, which only PyTorch reads, and no model.safetensors: save the ` +
        "model with save_pretrained(..., safe_serialization=True)",
    );
  }
  await writeSafetensors(single, TABLE.map((spec) => tensor(spec)));
  await assertComplete(temp.path);
});

Deno.test("weights: what is not finite is named", async () => {
  await using temp = new TempDir();
  const path = `${temp.path}/model.safetensors`;
  const wrong: [name: string, at: number, value: number, message: string][] = [
    ["wte.weight", 27, NaN, "wte.weight has the value NaN at (4, 3)"],
    ["lm_head.weight", 65, -Infinity, "lm_head.weight has the value -Infinity at (10, 5)"],
    ["ln_f.bias", 2, Infinity, "ln_f.bias has the value Infinity at (2)"],
  ];
  for (const [spoilt, at, value, message] of wrong) {
    const spoil = (source: TensorSource): TensorSource => {
      if (source.name !== spoilt) return source;
      return { ...source, data: async () => (await source.data()).with(at, value) };
    };
    await writeSafetensors(path, [...TABLE.map((spec) => tensor(spec)), OUTPUT].map(spoil));
    using files = await WeightFiles.open(temp.path);
    const read = () => files.read(spoilt === "lm_head.weight" ? "wte.weight" : spoilt);
    const error = await assertRejects(read, UserError);
    assertEquals(error.message, `${path}: tensor ${message}: the model is damaged`);
  }
});

Deno.test("weights: an index that lies is told", async () => {
  const [one, other] = ["a.safetensors", "b.safetensors"];
  const parts = { [one]: [tensor(TABLE[0])], [other]: [tensor(TABLE[1])] };
  const wrong: [Record<string, unknown>, string, string][] = [
    [{ "ln_f.bias": one }, one, "tensor ln_f.bias is missing, though in the index"],
    [{ "wpe.weight": one }, one, "tensor wpe.weight is missing, though in the index"],
    [{ "wpe.weight": "c.safetensors" }, "c.safetensors", "cannot read: No such file or directory"],
  ];
  // No file outside of the directory is as much as looked at.
  const outside = ["../x.safetensors", "/x.safetensors", "a/../../x.safetensors", "..", "a.bin"];
  for (
    const file of [...outside, "a\\x.safetensors", "", "C:x.safetensors", 1, null, "\0.safetensors"]
  ) {
    wrong.push([
      { "ln_f.bias": file },
      "model.safetensors.index.json",
      `tensor ln_f.bias is in ${JSON.stringify(file)}, which is not a safetensors file's name`,
    ]);
  }
  for (const [map, file, message] of wrong) {
    await using temp = new TempDir();
    await writeParts(temp.path, parts, map);
    const error = await assertRejects(() => WeightFiles.open(temp.path), UserError);
    assertEquals(error.message, `${temp.path}/${file}: ${message}`);
  }
  await using temp = new TempDir();
  await writeParts(temp.path, parts);
  await writeSafetensors(`${temp.path}/${other}`, [tensor(TABLE[1]), tensor(TABLE[2])]);
  const error = await assertRejects(() => WeightFiles.open(temp.path), UserError);
  assertEquals(
    error.message,
    `${temp.path}/${other}: tensor ${TABLE[2].name} is not listed for this file in the index`,
  );
  const index = `${temp.path}/model.safetensors.index.json`;
  for (
    const [text, message] of [
      ["{", "not JSON"],
      ["null", "weight_map is no object of tensors and files"],
      ['{"weight_map": []}', "weight_map is no object of tensors and files"],
    ]
  ) {
    await Deno.writeTextFile(index, text);
    const error = await assertRejects(() => WeightFiles.open(temp.path), UserError);
    assertEquals(error.message, `${index}: ${message}`);
  }
});

Deno.test("weights: rows of padding are left out", async () => {
  await using temp = new TempDir();
  const [wte] = TABLE;
  const [rows, width] = wte.shape as readonly [number, number];
  const padded = { name: "wte.weight", shape: [rows + 3, width] as const };
  const rest = TABLE.slice(1).map((spec) => tensor(spec));
  const sources = [tensor(padded), ...rest, { ...tensor(padded), name: "lm_head.weight" }];
  await writeSafetensors(`${temp.path}/model.safetensors`, sources);
  using files = await WeightFiles.open(temp.path);
  assertThrows(() => files.check(TABLE, "config.json"), UserError, "tensor wte.weight is (14, 6)");
  files.check(TABLE, "config.json", rows + 3);
  assertEquals(await files.read("wte.weight"), valuesOf("wte.weight", rows * width));
});
