import { UsageError } from "../errors.ts";
import type { Vocabulary } from "../tokens/vocabulary.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { checkConfig, type Gpt2Config } from "./config.ts";
import { type Initialisation, initialWeights } from "./initialise.ts";
import { parameterCount, type ParameterSpec, parameterTable } from "./parameters.ts";
import type { TensorMap } from "./weights.ts";

/** A configuration but for the vocabulary; biases and gains are trained unless told otherwise. */
export type Architecture =
  & Omit<Gpt2Config, "vocabularySize" | "bias" | "affine">
  & Partial<Pick<Gpt2Config, "bias" | "affine">>;

/** How to create a model. */
export interface CreateGpt2Options {
  /** The tokens that the model's ids stand for; its size becomes the configuration's. */
  vocabulary: Vocabulary;
  /**
   * How the weights start: `natural` for {@linkcode Agd}, `orthogonal` for its Frobenius norm,
   * `normal` for {@linkcode AdamW} and {@linkcode Sgd}.
   * @default "natural"
   */
  initialisation?: Initialisation;
  /** Any integer: the same seed gives the same weights. @default 0 */
  seed?: number;
}

/**
 * A GPT-2 whose weights are in GPU memory.
 *
 * @example
 * ```ts
 * import { type Gpt2, Gpu, loadCheckpoint } from "@agd/gpt2";
 *
 * using gpu = await Gpu.open();
 * using model: Gpt2 = await loadCheckpoint(gpu, "runs/base");
 * console.log(model.config, model.parameterCount);
 * ```
 */
export class Gpt2 implements Disposable {
  /** The parameter table: Hugging Face's names, shapes and roles. */
  readonly table: readonly ParameterSpec[];

  /** Puts a model together from weights that exist; see {@linkcode Gpt2.create}. */
  constructor(
    /** Where the weights are. */
    readonly gpu: Gpu,
    /** The architecture. */
    readonly config: Gpt2Config,
    /** The tokens that the model's ids stand for. */
    readonly vocabulary: Vocabulary,
    /** One tensor for each parameter of the table. */
    readonly weights: TensorMap,
  ) {
    this.table = parameterTable(config);
  }

  /**
   * Creates a model with random weights.
   *
   * @throws {UsageError} If the configuration describes no model.
   *
   * @example
   * ```ts
   * import { collectVocabulary, Gpt2, Gpu } from "@agd/gpt2";
   *
   * using gpu = await Gpu.open();
   * const { vocabulary } = await collectVocabulary(["data"]);
   * const shape = { layers: 2, heads: 2, width: 32, context: 64 }; // or PRESETS.gpt2
   * using model = await Gpt2.create(gpu, shape, { vocabulary, seed: 1 });
   * console.log(model.parameterCount);
   * ```
   */
  static async create(
    gpu: Gpu,
    architecture: Architecture,
    options: CreateGpt2Options,
  ): Promise<Gpt2> {
    const { vocabulary, initialisation = "natural", seed = 0 } = options;
    if (!Number.isSafeInteger(seed)) throw new UsageError(`seed must be an integer, not ${seed}`);
    const config = {
      bias: true,
      affine: true,
      ...architecture,
      vocabularySize: vocabulary.size,
    };
    checkConfig(config);
    const weights = await initialWeights(gpu, parameterTable(config), initialisation, seed);
    return new Gpt2(gpu, config, vocabulary, weights);
  }

  /** Number of trainable parameters. */
  get parameterCount(): number {
    return parameterCount(this.config);
  }

  /** Frees the weights. */
  [Symbol.dispose](): void {
    this.gpu.free(...this.weights.values());
  }
}
