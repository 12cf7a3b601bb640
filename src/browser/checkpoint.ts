import { UserError } from "../errors.ts";
import { configFromJson, isCompact } from "../checkpoint/formats/checkpoint_config.ts";
import { malformed, MAX_HEADER, parseHeader } from "../checkpoint/formats/safetensors_header.ts";
import { widen } from "../checkpoint/formats/safetensors_values.ts";
import { TOKENIZER_FILES, tokenizerOf } from "../checkpoint/formats/tokenizer_source.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { isObject } from "../json.ts";
import { Gpt2 } from "../model/gpt2.ts";
import { parameterTable, sizeOf } from "../model/parameters.ts";
import { allocateLike } from "../model/weights.ts";
import { compactVocabulary, fullVocabulary } from "../tokens/vocabulary.ts";

/** The files of a checkpoint: gives one by its name, or nothing if there is none. */
export type CheckpointFiles = (name: string) => Promise<Blob | undefined>;

const CONFIG = "config.json";
const WEIGHTS = "model.safetensors";

/** Hugging Face writes tensors with this before their names, or without. */
const PREFIX = /^transformer\./;

/**
 * Loads a model from the files of a Hugging Face GPT-2 directory, wherever they are: chosen on a
 * page, or fetched. Weights are in one file, and of them no more than a tensor is in memory.
 *
 * @throws {UserError} If a file is missing or malformed, or the tensors do not fit the configuration.
 *
 * @example
 * ```ts no-run
 * import { Gpu, openCheckpoint } from "@agd/gpt2/browser";
 *
 * const from = "https://huggingface.co/openai-community/gpt2/resolve/main";
 * using gpu = await Gpu.open();
 * using model = await openCheckpoint(gpu, async (name) => {
 *   const response = await fetch(`${from}/${name}`);
 *   return response.ok ? await response.blob() : undefined;
 * });
 * console.log(model.config);
 * ```
 */
export async function openCheckpoint(gpu: Gpu, files: CheckpointFiles): Promise<Gpt2> {
  const { model: config, tokens, tokenizer, storedRows } = await readConfig(files);
  const { read, shapes } = await openWeights(files);
  const table = parameterTable(config);
  for (const { name, shape } of table) {
    const found = shapes.get(name);
    if (!found) throw wrong(`${WEIGHTS}: tensor ${name} is missing`);
    const isPadded = name === "wte.weight" && storedRows !== undefined;
    const expected = isPadded ? [storedRows, shape[1]] : shape;
    if (found.join() === expected.join()) continue;
    throw wrong(
      `${WEIGHTS}: tensor ${name} is (${found.join(", ")}), but ${CONFIG} says ` +
        `(${expected.join(", ")})`,
    );
  }
  const weights = allocateLike(gpu, table, "weight");
  try {
    for (const { name, shape } of table) {
      gpu.write(weights.get(name)!, (await read(name)).subarray(0, sizeOf(shape)));
    }
    await gpu.finish();
  } catch (error) {
    gpu.free(...weights.values());
    throw error;
  }
  return new Gpt2(
    gpu,
    config,
    tokens ? compactVocabulary(tokens) : fullVocabulary(tokenizer),
    weights,
  );
}

async function readConfig(files: CheckpointFiles) {
  const text = await (await needed(files, CONFIG)).text();
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw wrong(`${CONFIG}: not JSON`);
  }
  if (isCompact(json)) return configFromJson(json, CONFIG);
  const { vocab_size, tokenizer_class } = isObject(json) ? json : {};
  const texts = new Map<string, string>();
  for (const name of TOKENIZER_FILES) {
    const text = await (await files(name))?.text();
    if (text !== undefined) texts.set(name, text);
  }
  const isThere = async (name: string) => await files(name) !== undefined;
  const tokenizer = await tokenizerOf(".", texts, isThere, Number(vocab_size), tokenizer_class);
  return configFromJson(json, CONFIG, tokenizer);
}

async function openWeights(files: CheckpointFiles) {
  const file = await needed(files, WEIGHTS);
  const bytes = (begin: number, end: number) => file.slice(begin, end).arrayBuffer();
  if (file.size < 8) throw malformed(WEIGHTS, `${file.size} bytes are too short for a header`);
  const length = new DataView(await bytes(0, 8)).getBigUint64(0, true);
  const start = 8 + Number(length);
  if (start > Math.min(file.size, MAX_HEADER)) {
    throw malformed(WEIGHTS, `the header's length is ${length} bytes`);
  }
  const { entries } = parseHeader(WEIGHTS, await bytes(8, start), file.size - start);
  const named = new Map([...entries].map(([name, entry]) => [name.replace(PREFIX, ""), entry]));
  const read = async (name: string) => {
    const { begin, end, dtype } = named.get(name)!;
    if (!["F32", "F16", "BF16"].includes(dtype)) {
      throw wrong(`${WEIGHTS}: tensor ${name} is ${dtype}: only F32, F16 and BF16 can be read`);
    }
    const values = widen(await bytes(start + begin, start + end), dtype);
    if (values.every(Number.isFinite)) return values;
    throw wrong(`${WEIGHTS}: tensor ${name} has values that are not finite: the model is damaged`);
  };
  return { read, shapes: new Map([...named].map(([name, { shape }]) => [name, shape])) };
}

async function needed(files: CheckpointFiles, name: string): Promise<Blob> {
  const file = await files(name);
  if (file) return file;
  throw new UserError(`${name} is missing: a model is a directory with ${CONFIG} and ${WEIGHTS}`);
}

function wrong(message: string): UserError {
  return new UserError(message, "CHECKPOINT");
}
