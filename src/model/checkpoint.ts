import { fileError, UserError } from "../errors.ts";
import { compactVocabulary, fullVocabulary } from "../data/vocabulary.ts";
import type { Gpu } from "../gpu/gpu.ts";
import type { Tensor } from "../gpu/tensor.ts";
import { configFromJson, configToJson } from "./checkpoint_config.ts";
import { Gpt2 } from "./gpt2.ts";
import { parameterTable } from "./parameters.ts";
import { openSafetensors, writeSafetensors } from "./safetensors.ts";
import { allocateLike, type TensorMap } from "./weights.ts";

const CONFIG = "config.json";
const WEIGHTS = "model.safetensors";

/**
 * Writes a model as a Hugging Face GPT-2 directory: `config.json` and `model.safetensors`. Each
 * file takes the place of an older one only once it is whole.
 *
 * @param directory Created if need be.
 * @param weights What to save. @default the model's weights
 * @throws {UserError} If the directory cannot be written.
 *
 * @example
 * ```ts no-run
 * import { type Gpt2, saveCheckpoint, type Trainer } from "@agd/gpt2";
 *
 * declare const model: Gpt2;
 * declare const trainer: Trainer;
 * await saveCheckpoint(model, "runs/mine", trainer.optimizer.evaluationWeights);
 * ```
 */
export async function saveCheckpoint(
  model: Gpt2,
  directory: string,
  weights: TensorMap = model.weights,
): Promise<void> {
  await writeCheckpoint(model, directory, weights, (tensor) => model.gpu.read(tensor));
}

/** As {@linkcode saveCheckpoint}, with weights that `read` may have copied before. */
export async function writeCheckpoint(
  model: Gpt2,
  directory: string,
  weights: TensorMap,
  read: (tensor: Tensor) => Promise<Float32Array>,
): Promise<void> {
  const { config, vocabulary, table } = model;
  try {
    await Deno.mkdir(directory, { recursive: true });
  } catch (error) {
    throw fileError(error, `${directory}: cannot create`);
  }
  await writeSafetensors(
    `${directory}/${WEIGHTS}`,
    table.map(({ name, shape }) => ({ name, shape, data: () => read(weights.get(name)!) })),
    { format: "pt" },
  );
  const json = JSON.stringify(configToJson({ model: config, tokens: vocabulary.tokens }));
  const path = `${directory}/${CONFIG}`;
  try {
    await Deno.writeTextFile(`${path}.tmp`, json + "\n");
    await Deno.rename(`${path}.tmp`, path);
  } catch (error) {
    throw fileError(error, `${path}: cannot write`);
  }
}

/**
 * Loads a model from a Hugging Face GPT-2 directory.
 *
 * @throws {UserError} If a file is missing or malformed, or the tensors do not fit the
 * configuration.
 *
 * @example
 * ```ts no-run
 * import { Gpu, loadCheckpoint } from "@agd/gpt2";
 *
 * using gpu = await Gpu.open();
 * using model = await loadCheckpoint(gpu, "runs/latest");
 * ```
 */
export async function loadCheckpoint(gpu: Gpu, directory: string): Promise<Gpt2> {
  const { model: config, tokens } = await readConfig(`${directory}/${CONFIG}`);
  const path = `${directory}/${WEIGHTS}`;
  using file = await openSafetensors(path);
  const table = parameterTable(config);
  // Checked before anything is allocated.
  for (const { name, shape } of table) {
    const found = file.tensors.get(storedName(file.tensors, name));
    if (!found) throw new UserError(`${path}: tensor ${name} is missing`);
    if (found.shape.join() === shape.join()) continue;
    throw new UserError(
      `${path}: tensor ${name} is (${found.shape.join(", ")}), but ${CONFIG} says ` +
        `(${shape.join(", ")})`,
    );
  }
  const weights = allocateLike(gpu, table, "weight");
  try {
    for (const { name } of table) {
      gpu.write(weights.get(name)!, await file.read(storedName(file.tensors, name)));
    }
    await gpu.finish();
  } catch (error) {
    gpu.free(...weights.values());
    throw error;
  }
  const vocabulary = tokens ? compactVocabulary(tokens) : fullVocabulary();
  return new Gpt2(gpu, config, vocabulary, weights);
}

/** Hugging Face writes names with or without the prefix of the module that holds the blocks. */
function storedName(tensors: ReadonlyMap<string, unknown>, name: string): string {
  return tensors.has(name) ? name : `transformer.${name}`;
}

async function readConfig(path: string) {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    throw fileError(error, `${path}: cannot read`);
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new UserError(`${path}: not JSON`);
  }
  return configFromJson(json, path);
}
