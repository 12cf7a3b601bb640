import { UserError } from "../errors.ts";
import { compactVocabulary, fullVocabulary } from "../tokens/vocabulary.ts";
import type { Gpu } from "../gpu/gpu.ts";
import type { Tensor } from "../gpu/tensor.ts";
import { readText } from "../files/read_file.ts";
import { isObject } from "../json.ts";
import { type CheckpointConfig, configFromJson, isCompact } from "./formats/checkpoint_config.ts";
import { readTokenizer } from "./tokenizer.ts";
import { CONFIG, writeDirectory } from "./checkpoint_directory.ts";
import { Gpt2 } from "../model/gpt2.ts";
import { removeManifest, verifyIfListed } from "./manifest.ts";
import { parameterTable } from "../model/parameters.ts";
import { WeightFiles } from "./weight_files.ts";
import { allocateLike, type TensorMap } from "../model/weights.ts";

/**
 * Writes a model as a Hugging Face GPT-2 directory: `config.json`, `generation_config.json` and
 * `model.safetensors`, and the files of the tokenizer, but for a compact vocabulary. Each file takes
 * the place of an older one only once it is whole.
 *
 * @param directory Created if need be.
 * @param weights What to save. @default the model's weights
 * @throws {UserError} If the directory cannot be written.
 *
 * @example
 * ```ts
 * import { Agd, Gpu, loadCheckpoint, saveCheckpoint, Trainer } from "@agd/gpt2";
 *
 * using gpu = await Gpu.open();
 * using model = await loadCheckpoint(gpu, "runs/base");
 * using trainer = new Trainer(model, { batch: 8, optimizer: (target) => new Agd(target) });
 * await saveCheckpoint(model, "runs/mine", trainer.optimizer.evaluationWeights);
 * ```
 */
export async function saveCheckpoint(
  model: Gpt2,
  directory: string,
  weights: TensorMap = model.weights,
): Promise<void> {
  await removeManifest(directory); // that of what is going to be replaced
  await writeCheckpoint(model, directory, weights, (tensor) => model.gpu.read(tensor));
}

/** As {@linkcode saveCheckpoint}, with weights that `read` may have copied before. */
export async function writeCheckpoint(
  model: Gpt2,
  directory: string,
  weights: TensorMap,
  read: (tensor: Tensor) => Promise<Float32Array>,
): Promise<void> {
  const { config, vocabulary: { tokens, tokenizer: its } } = model;
  const tokenizer = its.own ? its : undefined;
  const checkpoint = { model: config, tokens, tokenizer };
  await writeDirectory(directory, checkpoint, (name) => read(weights.get(name)!));
}

/**
 * Loads a model from a Hugging Face GPT-2 directory: `config.json`, and `model.safetensors` or its
 * parts, with or without `transformer.` before the names. Nothing in it is executed. Where training
 * has left a `manifest.json`, the checksums in it are verified.
 *
 * @throws {UserError} If a file is missing, malformed or not what the manifest says, or the tensors
 * do not fit the configuration.
 *
 * @example
 * ```ts
 * import { Gpu, loadCheckpoint } from "@agd/gpt2";
 *
 * using gpu = await Gpu.open();
 * using model = await loadCheckpoint(gpu, "runs/base");
 * console.log(model.config);
 * ```
 */
export async function loadCheckpoint(gpu: Gpu, directory: string): Promise<Gpt2> {
  const { model: config, tokens, tokenizer, storedRows } = await readCheckpointConfig(directory);
  await verifyIfListed(directory);
  using files = await WeightFiles.open(directory);
  files.checkLayers(config.layers, CONFIG); // before a table is made of them
  const table = parameterTable(config);
  files.check(table, CONFIG, storedRows); // before anything is allocated
  const weights = allocateLike(gpu, table, "weight");
  try {
    for (const { name } of table) {
      gpu.write(weights.get(name)!, await files.read(name));
    }
    await gpu.finish();
  } catch (error) {
    gpu.free(...weights.values());
    throw error;
  }
  const vocabulary = tokens ? compactVocabulary(tokens) : fullVocabulary(tokenizer);
  return new Gpt2(gpu, config, vocabulary, weights);
}

/**
 * What a checkpoint's config.json describes.
 *
 * @throws {UserError} If it is missing or malformed, or the tokenizer beside it is none
 * that can be used.
 */
export async function readCheckpointConfig(directory: string): Promise<CheckpointConfig> {
  const path = `${directory}/${CONFIG}`;
  const text = await readText(path);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new UserError(`${path}: not JSON`, "CHECKPOINT");
  }
  const { vocab_size, tokenizer_class } = isObject(json) ? json : {};
  const tokenizer = isCompact(json)
    ? undefined
    : await readTokenizer(directory, Number(vocab_size), tokenizer_class);
  return configFromJson(json, path, tokenizer);
}
