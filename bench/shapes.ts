import { compactVocabulary, fullVocabulary, type Vocabulary } from "../src/tokens/vocabulary.ts";
import { FULL_VOCABULARY_SIZE, type Gpt2Config, PRESETS } from "../src/model/config.ts";
import { Gpt2 } from "../src/model/gpt2.ts";
import { parameterTable } from "../src/model/parameters.ts";
import type { Batch } from "../src/tokens/batch.ts";
import { allocateLike, type TensorMap } from "../src/model/weights.ts";
import { Agd } from "../src/optim/agd/agd.ts";
import { Random } from "../src/random.ts";
import { Trainer } from "../src/train/trainer.ts";
import type { TrainerOptions } from "../src/train/trainer_options.ts";
import type { Machine } from "./machine.ts";
import { fillRandom } from "./scratch.ts";

/** A model and the batch that it is trained on. */
export interface Shape {
  name: string;
  config: Gpt2Config;
  batch: number;
}

/** A shape with GPT-2's vocabulary, biases and gains unless told otherwise. */
export function shapeOf(
  name: string,
  batch: number,
  config: Pick<Gpt2Config, "layers" | "heads" | "width" | "context"> & Partial<Gpt2Config>,
): Shape {
  const defaults = { vocabularySize: FULL_VOCABULARY_SIZE, bias: true, affine: true };
  return { name, batch, config: { ...defaults, ...config } };
}

/** The shapes that whole steps are measured on, from small to large. */
export const SHAPES: readonly Shape[] = [
  // The vocabulary is the sample corpus'.
  shapeOf("tiny", 8, { ...PRESETS.tiny, vocabularySize: 4782 }),
  shapeOf("small", 1, { layers: 6, heads: 6, width: 384, context: 256 }),
  shapeOf("gpt2", 1, PRESETS.gpt2),
  shapeOf("gpt2", 8, PRESETS.gpt2),
  shapeOf("gpt2-medium", 4, PRESETS["gpt2-medium"]),
  shapeOf("gpt2-large", 4, PRESETS["gpt2-large"]),
  shapeOf("gpt2-xl", 4, PRESETS["gpt2-xl"]),
];

/** The shape's name in a table. */
export function describe({ name, batch, config }: Shape): string {
  return `${name}, ${batch} x ${config.context} tokens`;
}

/** Tokens of a step. */
export function tokensOf({ batch, config }: Shape): number {
  return batch * config.context;
}

/** A shape's model with random weights, a trainer of it, and a random batch. */
export class OpenShape implements Disposable {
  readonly trainer: Trainer;
  readonly batch: Batch;
  readonly #model: Gpt2;

  private constructor(model: Gpt2, options: TrainerOptions) {
    this.#model = model;
    this.trainer = new Trainer(model, options);
    const { context, vocabularySize } = model.config;
    const random = new Random(1);
    const tokens = Uint32Array.from(
      { length: options.batch * context + 1 },
      () => random.below(vocabularySize),
    );
    this.batch = { inputs: tokens.slice(0, -1), targets: tokens.slice(1) };
  }

  /** @throws {UserError} If the adapter or its memory cannot hold it. */
  static async open(
    machine: Machine,
    { config, batch }: Shape,
    optimizer: TrainerOptions["optimizer"] = (target) => new Agd(target),
  ): Promise<OpenShape> {
    const { gpu } = machine;
    const options = { batch, optimizer };
    const vocabulary = vocabularyOf(config.vocabularySize);
    const build = (weights: TensorMap) => new Gpt2(gpu, config, vocabulary, weights);
    const allocate = () => allocateLike(gpu, parameterTable(config), "weight");
    await machine.prepare(() => new Trainer(build(allocate()), options));
    const weights = allocate();
    for (const tensor of weights.values()) fillRandom(gpu, tensor, 0.02);
    return new OpenShape(build(weights), options);
  }

  /** Submits a training step; what goes wrong is told when the GPU is waited for. */
  submitStep(): void {
    this.trainer.step(this.batch).catch(() => {});
  }

  [Symbol.dispose](): void {
    this.trainer[Symbol.dispose]();
    this.#model[Symbol.dispose]();
  }
}

/** A vocabulary of so many tokens; which ones does not matter here. */
export function vocabularyOf(size: number): Vocabulary {
  if (size === FULL_VOCABULARY_SIZE) return fullVocabulary();
  return compactVocabulary(Array(size - 1).keys());
}
