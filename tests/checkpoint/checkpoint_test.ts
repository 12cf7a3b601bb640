import { assert, assertEquals, assertRejects } from "@std/assert";
import { compactVocabulary, fullVocabulary, type Vocabulary } from "../../src/tokens/vocabulary.ts";
import { encode } from "../../src/tokens/tokenizer.ts";
import { UserError } from "../../src/errors.ts";
import { loadCheckpoint, saveCheckpoint } from "../../src/checkpoint/checkpoint.ts";
import { exportCheckpoint } from "../../src/checkpoint/export.ts";
import { Gpt2 } from "../../src/model/gpt2.ts";
import { openSafetensors, writeSafetensors } from "../../src/checkpoint/safetensors.ts";
import { allocateActivations, freeActivations } from "../../src/model/activations.ts";
import { lossPlan, uploadBatch } from "../../src/model/passes.ts";
import { Agd } from "../../src/optim/agd/agd.ts";
import { Trainer } from "../../src/train/trainer.ts";
import { namedPipe, TempDir } from "../data/fixtures.ts";
import { openTestGpu } from "../ops/helpers.ts";
import { ODD, randomBatch, readTensors } from "../model/helpers.ts";

const gpu = await openTestGpu();
const { vocabularySize: _, ...ARCHITECTURE } = ODD;
const COMPACT = compactVocabulary(encode("a small corpus")); // 260 tokens or so

interface Options {
  bias?: boolean;
  affine?: boolean;
  vocabulary?: Vocabulary;
}

function create(options: Options = {}) {
  const { vocabulary = COMPACT, ...architecture } = options;
  return Gpt2.create(gpu, { ...ARCHITECTURE, ...architecture }, { vocabulary, seed: 3 });
}

/** The model's loss on a batch. */
async function lossOf(model: Gpt2): Promise<number> {
  const { config, weights } = model;
  const sizes = { batch: 2, length: config.context, backward: false };
  const activations = allocateActivations(gpu, config, sizes);
  const plan = lossPlan(gpu, config, weights, activations);
  uploadBatch(gpu, config, activations, randomBatch(config, 2, 4));
  plan.run();
  const [loss] = await gpu.read(activations.outer.loss);
  freeActivations(gpu, activations);
  return loss;
}

/** Rewrites the tensors of a checkpoint. */
async function rewrite(
  directory: string,
  change: (name: string, shape: readonly number[]) => [string, readonly number[]] | undefined,
): Promise<void> {
  const path = `${directory}/model.safetensors`;
  using file = await openSafetensors(path);
  const tensors = [];
  for (const [name, { shape }] of file.tensors) {
    const changed = change(name, shape);
    if (!changed) continue;
    const data = await file.read(name);
    tensors.push({ name: changed[0], shape: changed[1], data: () => data });
  }
  await writeSafetensors(path, tensors);
}

for (
  const [name, options] of Object.entries<Options>({
    "all parameters, a compact vocabulary": {},
    "no biases and no gains": { bias: false, affine: false },
    "GPT-2's own vocabulary": { vocabulary: fullVocabulary() },
  })
) {
  Deno.test(`checkpoint: what was saved is loaded, bit for bit: ${name}`, async () => {
    await using temp = new TempDir();
    const directory = `${temp.path}/runs/a`; // created, with its parent
    using model = await create(options);
    await saveCheckpoint(model, directory);
    assertEquals([...Deno.readDirSync(directory)].map(({ name }) => name).sort(), [
      "config.json",
      "generation_config.json",
      ...options.vocabulary ? ["merges.txt"] : [],
      "model.safetensors",
      ...options.vocabulary
        ? ["special_tokens_map.json", "tokenizer.json", "tokenizer_config.json", "vocab.json"]
        : [],
    ]);
    using loaded = await loadCheckpoint(gpu, directory);
    assertEquals(loaded.config, model.config);
    assertEquals(loaded.vocabulary.tokens, model.vocabulary.tokens);
    assertEquals(loaded.vocabulary.endOfText, model.vocabulary.endOfText);
    assertEquals(await readTensors(gpu, loaded.weights), await readTensors(gpu, model.weights));
    assertEquals(await lossOf(loaded), await lossOf(model));
  });
}

Deno.test("checkpoint: the files are Hugging Face's", async () => {
  await using temp = new TempDir();
  using model = await create();
  await saveCheckpoint(model, temp.path);
  const V = COMPACT.size;
  const config = JSON.parse(await Deno.readTextFile(`${temp.path}/config.json`));
  assertEquals(
    [config.model_type, config.architectures, config.activation_function],
    ["gpt2", ["GPT2LMHeadModel"], "gelu_new"],
  );
  assertEquals(
    [config.n_layer, config.n_head, config.n_embd, config.n_positions, config.vocab_size],
    [2, 2, 6, 5, V],
  );
  assertEquals(JSON.parse(await Deno.readTextFile(`${temp.path}/generation_config.json`)), {
    bos_token_id: V - 1,
    eos_token_id: V - 1,
  });
  using file = await openSafetensors(`${temp.path}/model.safetensors`);
  assertEquals(file.metadata, { format: "pt" });
  assertEquals([...file.tensors.keys()], model.table.map(({ name }) => name));
  const shapeOf = (name: string) => [...file.tensors.get(name)!.shape];
  assertEquals(shapeOf("wte.weight"), [V, 6]);
  assertEquals(shapeOf("wpe.weight"), [5, 6]);
  // Conv1D stores (in, out).
  assertEquals(shapeOf("h.1.attn.c_attn.weight"), [6, 18]);
  assertEquals(shapeOf("h.1.attn.c_attn.bias"), [18]);
  assertEquals(shapeOf("h.1.mlp.c_fc.weight"), [6, 24]);
  assertEquals(shapeOf("h.1.mlp.c_proj.weight"), [24, 6]);
  assertEquals(await file.read("wte.weight"), await gpu.read(model.weights.get("wte.weight")!));
});

Deno.test("checkpoint: averaged weights are saved in place of the model's", async () => {
  await using temp = new TempDir();
  using model = await create({ affine: false });
  using trainer = new Trainer(model, { batch: 1, optimizer: (target) => new Agd(target) });
  for (const seed of [1, 2]) await trainer.step(randomBatch(model.config, 1, seed));
  const { evaluationWeights } = trainer.optimizer;
  await saveCheckpoint(model, temp.path, evaluationWeights);
  using loaded = await loadCheckpoint(gpu, temp.path);
  const [actual, expected, last] = [
    await readTensors(gpu, loaded.weights),
    await readTensors(gpu, evaluationWeights),
    await readTensors(gpu, model.weights),
  ];
  for (const name of last.keys()) assertEquals(actual.get(name), expected.get(name), name);
  const difference = actual.get("wte.weight")!.some((value, i) =>
    value !== last.get("wte.weight")![i]
  );
  assert(difference, "the average is not the last iterate");
});

/** The files of a checkpoint. */
const saved = await (async () => {
  await using temp = new TempDir();
  using model = await create();
  await saveCheckpoint(model, temp.path);
  return ["config.json", "model.safetensors"].map((name) =>
    [name, Deno.readFileSync(`${temp.path}/${name}`)] as const
  );
})();

/** Saves a model, spoils the checkpoint, and expects one line that says what is wrong with it. */
async function assertUnloadable(
  spoil: (directory: string) => Promise<void>,
  message: (directory: string) => string,
): Promise<void> {
  await using temp = new TempDir();
  for (const [name, bytes] of saved) await temp.write(name, bytes);
  await spoil(temp.path);
  const before = gpu.allocatedBytes;
  const error = await assertRejects(() => loadCheckpoint(gpu, temp.path), UserError);
  assertEquals(error.message.split("\n").length, 1);
  const start = message(temp.path);
  assertEquals(error.message.slice(0, start.length), start);
  assertEquals(gpu.allocatedBytes, before, "nothing is left on the GPU");
}

Deno.test("checkpoint: a tensor of another shape is named", () =>
  assertUnloadable(
    (directory) =>
      rewrite(
        directory,
        (name, shape) => [name, name === "h.1.mlp.c_fc.weight" ? [shape[1], shape[0]] : shape],
      ),
    (directory) =>
      `${directory}/model.safetensors: tensor h.1.mlp.c_fc.weight is (24, 6), ` +
      "but config.json says (6, 24)",
  ));

Deno.test("checkpoint: more blocks than tensors: the first missing one is named", () =>
  assertUnloadable(
    async (directory) => {
      const path = `${directory}/config.json`;
      const config = JSON.parse(await Deno.readTextFile(path));
      await Deno.writeTextFile(path, JSON.stringify({ ...config, n_layer: 3 }));
    },
    (directory) =>
      `${directory}/model.safetensors: tensor h.2.ln_1.weight is missing, ` +
      "and so are 11 more: h.2.ln_1.bias, h.2.attn.c_attn.weight, h.2.attn.c_attn.bias, …",
  ));

Deno.test("checkpoint: a billion blocks are refused at once", () =>
  assertUnloadable(
    async (directory) => {
      const path = `${directory}/config.json`;
      const config = JSON.parse(await Deno.readTextFile(path));
      await Deno.writeTextFile(path, JSON.stringify({ ...config, n_layer: 1e9 }));
    },
    (directory) => `${directory}/model.safetensors: 28 tensors cannot be the 1000000000 layers`,
  ));

Deno.test("checkpoint: a tensor of integers is named", () =>
  assertUnloadable(
    async (directory) => {
      const path = `${directory}/model.safetensors`;
      const bytes = await Deno.readFile(path);
      const text = new TextDecoder("latin1").decode(bytes);
      const at = text.indexOf('"dtype":"F32"', text.indexOf('"wpe.weight"'));
      bytes.set(new TextEncoder().encode('"dtype":"I32"'), at);
      await Deno.writeFile(path, bytes);
    },
    (directory) => `${directory}/model.safetensors: tensor wpe.weight is I32`,
  ));

Deno.test("checkpoint: a file cut short is named", () =>
  assertUnloadable(
    async (directory) => {
      const path = `${directory}/model.safetensors`;
      await Deno.truncate(path, (await Deno.stat(path)).size - 100);
    },
    (directory) => `${directory}/model.safetensors: not a safetensors file: `,
  ));

Deno.test("checkpoint: missing files are named", async () => {
  for (const name of ["config.json", "model.safetensors"]) {
    await assertUnloadable(
      (directory) => Deno.remove(`${directory}/${name}`),
      (directory) => `${directory}/${name}: cannot read: No such file or directory`,
    );
  }
});

Deno.test({
  name: "checkpoint: pipes and directories in the place of files are named, and not waited for",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using directory = new TempDir();
    const { path } = directory;
    using model = await create();
    await saveCheckpoint(model, path);
    const part = "model-00001-of-00001.safetensors";
    const index = `{"weight_map": {"wte.weight": "${part}"}}`;
    await directory.write("model.safetensors.index.json", index);
    const load = async () => void await loadCheckpoint(gpu, path);
    const exported = async () => void await exportCheckpoint(path, `${path}/out`, "f32");
    // The weights are gone when it is the index's turn, and the index is in its place at the part's.
    const names = [
      ...["manifest.json", "config.json", "model.safetensors", "model.safetensors.index.json"],
      part,
    ];
    for (const name of names) {
      const file = `${path}/${name}`;
      const isKept = name === "config.json" || name.endsWith("index.json");
      if (isKept) await Deno.rename(file, `${file}.kept`);
      else await Deno.remove(file).catch(() => {}); // the first and the last were never there
      for (
        const [kind, make] of [["named pipe", namedPipe], ["directory", Deno.mkdirSync]] as const
      ) {
        make(file);
        for (const use of [load, exported]) {
          await assertRejects(use, UserError, `${file} is a ${kind}, not a file`);
        }
        await Deno.remove(file);
      }
      if (isKept) await Deno.rename(`${file}.kept`, file);
    }
  },
});

Deno.test("checkpoint: config.json that is not JSON, or describes no model, is named", async () => {
  for (
    const [text, what] of [
      ['{"n_layer": ', "not JSON"],
      ["[]", "not a JSON object"],
      ['{"model_type": "llama"}', 'model_type is "llama", not "gpt2"'],
    ]
  ) {
    await assertUnloadable(
      (directory) => Deno.writeTextFile(`${directory}/config.json`, text),
      (directory) => `${directory}/config.json: ${what}`,
    );
  }
});

Deno.test("checkpoint: a directory that cannot be made is named", async () => {
  await using temp = new TempDir();
  using model = await create();
  const file = await temp.write("file", "");
  const error = await assertRejects(() => saveCheckpoint(model, `${file}/run`), UserError);
  assertEquals(error.message.startsWith(`${file}/run: cannot create: `), true, error.message);
});

Deno.test("checkpoint: a directory that cannot be written to is named", async () => {
  using model = await create();
  // A directory in the place of the file keeps even root from writing it.
  for (const name of ["model.safetensors", "config.json"]) {
    await using occupied = new TempDir();
    await occupied.write(`${name}.tmp/file`, "");
    const error = await assertRejects(() => saveCheckpoint(model, occupied.path), UserError);
    const start = `${occupied.path}/${name}: cannot write: `;
    assertEquals(error.message.slice(0, start.length), start);
    assertEquals(error.message.split("\n").length, 1);
  }
});

Deno.test("checkpoint: a save that fails leaves the old files as they were", async () => {
  await using temp = new TempDir();
  {
    using model = await create();
    await saveCheckpoint(model, temp.path);
  }
  const read = () => Deno.readFile(`${temp.path}/model.safetensors`);
  const [weights, config] = [await read(), await Deno.readTextFile(`${temp.path}/config.json`)];
  using model = await create({ bias: false });
  // The last tensor is not there to be written.
  const incomplete = new Map([...model.weights].filter(([name]) => name !== "ln_f.bias"));
  await assertRejects(() => saveCheckpoint(model, temp.path, incomplete), TypeError);
  assertEquals(await read(), weights);
  assertEquals(await Deno.readTextFile(`${temp.path}/config.json`), config);
  assertEquals([...Deno.readDirSync(temp.path)].length, 3, "nothing half-written is left");
  // A process that was killed leaves its half-written files, which the next save replaces.
  await temp.write("model.safetensors.tmp", "half");
  await temp.write("config.json.tmp", "half");
  await saveCheckpoint(model, temp.path);
  using loaded = await loadCheckpoint(gpu, temp.path);
  assertEquals(loaded.config, model.config);
  assertEquals([...Deno.readDirSync(temp.path)].length, 3);
});
