import { UserError } from "../errors.ts";
import { fileExists } from "../files/file_exists.ts";
import { isObject } from "../json.ts";
import { quote } from "../quote.ts";
import { readText } from "../files/read_file.ts";
import { type ParameterSpec, sizeOf } from "../model/parameters.ts";
import { openSafetensors, type SafetensorsFile, type TensorInfo } from "./safetensors.ts";

/** The file of a model's weights. */
export const WEIGHTS = "model.safetensors";
/** The list of its parts, where it is in several. */
export const WEIGHTS_INDEX = "model.safetensors.index.json";

/** Weights that only PyTorch reads, by running what is in them. */
const PICKLED = ["pytorch_model.bin", "pytorch_model.bin.index.json"];

/** The name of the module that holds the blocks; Hugging Face writes tensors with or without it. */
const PREFIX = "transformer.";

/** The embedding of tokens. */
const EMBEDDING = "wte.weight";

/** The output matrix where it is written by itself, although it is `wte.weight`. */
const OUTPUT = "lm_head.weight";

/** Constants that older versions of Hugging Face's model save. */
const MASK = /^h\.\d+\.attn\.(bias|masked_bias)$/;

/** A tensor, and the file that it is in under the name `stored`. */
interface StoredTensor extends TensorInfo {
  file: SafetensorsFile;
  path: string;
  stored: string;
}

/** The weights of a checkpoint: one safetensors file, or the parts that an index lists. */
export class WeightFiles implements Disposable {
  readonly #files: SafetensorsFile[] = [];
  readonly #tensors = new Map<string, StoredTensor>();
  /** Elements of the embedding that count, if not all of them. */
  #embeddingSize: number | undefined;

  private constructor(
    /** The weights, or their index. */
    readonly path: string,
  ) {}

  /**
   * Opens the weights in a directory: `model.safetensors`, or else what
   * `model.safetensors.index.json` lists.
   *
   * @throws {UserError} If a file cannot be read or is malformed, a tensor comes twice, the index
   * names a file that is not in the directory, or there are weights that only PyTorch reads.
   */
  static async open(directory: string): Promise<WeightFiles> {
    const index = `${directory}/${WEIGHTS_INDEX}`;
    const single = `${directory}/${WEIGHTS}`;
    const isSingle = await fileExists(single);
    const isSharded = !isSingle && await fileExists(index);
    if (!isSingle && !isSharded) await checkNotPickled(directory);
    const weights = new WeightFiles(isSharded ? index : single);
    try {
      if (!isSharded) await weights.#add(single);
      else {
        for (const [part, names] of await readWeightsIndex(index)) {
          await weights.#add(`${directory}/${part}`, names);
        }
      }
      return weights;
    } catch (error) {
      weights[Symbol.dispose]();
      throw error;
    }
  }

  /** Adds a file's tensors, all of which and no others must be expected by the index, if any. */
  async #add(path: string, expected?: ReadonlySet<string>): Promise<void> {
    const file = await openSafetensors(path);
    this.#files.push(file);
    const lacking = expected?.difference(file.tensors) ?? new Set();
    if (lacking.size > 0) {
      throw new UserError(
        `${path}: ${tensorsAre("missing, though in the index", [...lacking])}`,
        "CHECKPOINT",
      );
    }
    for (const [stored, info] of file.tensors) {
      if (expected && !expected.has(stored)) {
        throw new UserError(
          `${path}: tensor ${stored} is not listed for this file in the index`,
          "CHECKPOINT",
        );
      }
      const name = stored.startsWith(PREFIX) ? stored.slice(PREFIX.length) : stored;
      const other = this.#tensors.get(name);
      if (other) {
        throw new UserError(
          `${path}: tensor ${stored} comes twice, also as ${other.stored}`,
          "CHECKPOINT",
        );
      }
      this.#tensors.set(name, { ...info, file, path, stored });
    }
  }

  /** @throws {UserError} If the configuration has more layers than there could be tensors for. */
  checkLayers(layers: number, config: string): void {
    if (layers <= this.#tensors.size) return;
    throw new UserError(
      `${this.path}: ${this.#tensors.size} tensors cannot be the ${layers} layers of ${config}`,
      "CHECKPOINT",
    );
  }

  /**
   * Makes sure that there is a tensor of the right shape for each parameter, and no other but what
   * is of no use: the attention's mask, and the output matrix, which is `wte.weight` too.
   *
   * @param storedRows Rows of `wte.weight`, where they are more than tokens; {@linkcode read} leaves
   * the others out.
   * @throws {UserError} If one is missing, unexpected or of another shape. It is named.
   */
  check(table: readonly ParameterSpec[], config: string, storedRows?: number): void {
    const missing = table.filter(({ name }) => !this.#tensors.has(name)).map(({ name }) => name);
    if (missing.length > 0) {
      throw new UserError(`${this.path}: ${tensorsAre("missing", missing)}`, "CHECKPOINT");
    }
    for (const { name, shape } of table) {
      const isPadded = name === EMBEDDING && storedRows !== undefined;
      this.#checkShape(name, isPadded ? [storedRows, shape[1]!] : shape, config);
      if (isPadded) this.#embeddingSize = sizeOf(shape);
    }
    const known = new Set([...table.map(({ name }) => name), OUTPUT]);
    const unexpected = [...this.#tensors.keys()].filter((name) => {
      return !known.has(name) && !MASK.test(name);
    });
    if (unexpected.length > 0) {
      const stored = unexpected.map((name) => this.#tensors.get(name)!.stored);
      const wrong = `unexpected in the model that ${config} describes`;
      throw new UserError(`${this.path}: ${tensorsAre(wrong, stored)}`, "CHECKPOINT");
    }
    if (this.#tensors.has(OUTPUT)) {
      this.#checkShape(OUTPUT, this.#tensors.get(EMBEDDING)!.shape, config);
    }
  }

  #checkShape(name: string, shape: readonly number[], config: string): void {
    const { path, shape: found } = this.#tensors.get(name)!;
    if (found.join() === shape.join()) return;
    throw new UserError(
      `${path}: tensor ${name} is (${found.join(", ")}), but ${config} says (${shape.join(", ")})`,
      "CHECKPOINT",
    );
  }

  /**
   * The values of a parameter.
   *
   * @throws {UserError} If they cannot be read, one is not finite, or the output matrix is not
   * `wte.weight`.
   */
  async read(name: string): Promise<Float32Array<ArrayBuffer>> {
    const values = await this.#read(name);
    if (name !== EMBEDDING) return values;
    if (this.#tensors.has(OUTPUT)) await this.#checkOutput(values);
    return values.subarray(0, this.#embeddingSize);
  }

  /** Makes sure that the output matrix is the embedding. */
  async #checkOutput(values: Float32Array): Promise<void> {
    const output = await this.#read(OUTPUT);
    const row = values.findIndex((value, i) => !Object.is(value, output[i]));
    if (row < 0) return;
    const [, width] = this.#tensors.get(EMBEDDING)!.shape;
    throw new UserError(
      `${this.#tensors.get(OUTPUT)!.path}: ${OUTPUT} differs from wte.weight in row ` +
        `${
          Math.floor(row / width)
        }: only a model whose output matrix is its embedding can be loaded`,
      "CHECKPOINT",
    );
  }

  async #read(name: string): Promise<Float32Array<ArrayBuffer>> {
    const { file, path, stored, shape } = this.#tensors.get(name)!;
    const values = await file.read(stored);
    const wrong = firstNotFinite(values);
    if (wrong === undefined) return values;
    const [, columns] = shape;
    const index = columns === undefined ? [wrong] : [Math.floor(wrong / columns), wrong % columns];
    const value = `${values[wrong]} at (${index.join(", ")})`;
    throw new UserError(
      `${path}: tensor ${stored} has the value ${value}: the model is damaged`,
      "CHECKPOINT",
    );
  }

  /** Closes the files. */
  [Symbol.dispose](): void {
    for (const file of this.#files.splice(0)) file.close();
  }
}

/** @throws {UserError} If a directory has weights, but none that are only read. */
async function checkNotPickled(directory: string): Promise<void> {
  for (const name of PICKLED) {
    if (!await fileExists(`${directory}/${name}`)) continue;
    throw new UserError(
      `${directory} has ${name}, which only PyTorch reads, and no ${WEIGHTS}: save the model with ` +
        "save_pretrained(..., safe_serialization=True)",
      "CHECKPOINT",
    );
  }
}

/**
 * The tensors of each file that an index lists. A file is a name and nothing else.
 *
 * @throws {UserError} If the index cannot be read, or names no such file.
 */
export async function readWeightsIndex(path: string): Promise<Map<string, Set<string>>> {
  let index: unknown;
  try {
    index = JSON.parse(await readText(path));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new UserError(`${path}: not JSON`, "CHECKPOINT");
  }
  const { weight_map: map } = (index ?? {}) as { weight_map?: unknown };
  if (!isObject(map)) {
    throw new UserError(`${path}: weight_map is no object of tensors and files`, "CHECKPOINT");
  }
  const files = new Map<string, Set<string>>();
  for (const [tensor, file] of Object.entries(map)) {
    // A name and nothing else, so that no file outside of the directory is read.
    if (typeof file !== "string" || !/^[\w.-]+\.safetensors$/.test(file)) {
      throw new UserError(
        `${path}: tensor ${tensor} is in ${quote(file)}, which is not a safetensors file's name`,
        "CHECKPOINT",
      );
    }
    if (!files.has(file)) files.set(file, new Set());
    files.get(file)!.add(tensor);
  }
  return files;
}

/** Where the first value is that is NaN or infinite, if there is one. */
function firstNotFinite(values: Float32Array): number | undefined {
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) return i;
  }
}

/** Says of tensors what is wrong with them: the first one, and some of the others. */
function tensorsAre(wrong: string, [first, ...rest]: readonly string[]): string {
  const others = rest.length > 3 ? [...rest.slice(0, 3), "…"] : rest;
  const more = rest.length > 0 ? `, and so are ${rest.length} more: ${others.join(", ")}` : "";
  return `tensor ${first} is ${wrong}${more}`;
}
