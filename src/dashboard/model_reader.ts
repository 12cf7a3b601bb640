import type { Gpu, OpenGpuOptions } from "../gpu/gpu.ts";
import type { Gpt2 } from "../model/gpt2.ts";
import type { NextToken, Reading, ReadToken } from "../train/read_text.ts";

/** Characters of a text that are looked at, at most. */
const MOST_TEXT = 4_000;

/** What a page is told of a reading. */
export interface ReadingSummary {
  tokens: ReadToken[];
  next: NextToken[];
  layers: number;
  heads: number;
  /** The adapter's name. */
  adapter: string;
}

/** What reads texts with checkpoints: {@linkcode ModelReader}. */
export type TextReader = Pick<ModelReader, "read" | "attention">;

/**
 * Reads texts with checkpoints, one at a time. Nothing of the GPU is touched before the first text;
 * the last model and text are kept, for those who look at its heads one by one.
 */
export class ModelReader implements Disposable {
  readonly #options: OpenGpuOptions;
  #gpu: Gpu | undefined;
  #model: { directory: string; model: Gpt2 } | undefined;
  #reading: { text: string; reading: Reading } | undefined;
  #work: Promise<unknown> = Promise.resolve();

  constructor(options: OpenGpuOptions = {}) {
    this.#options = options;
  }

  /**
   * The loss of each token of a text, and what may come next.
   *
   * @param directory A checkpoint's.
   * @throws {UserError} If the checkpoint cannot be read, or there is no adapter.
   */
  read(directory: string, text: string): Promise<ReadingSummary> {
    return this.#inTurn(directory, text, ({ tokens, next }, { config, gpu: { adapterName } }) => {
      const { layers, heads } = config;
      return { tokens, next, layers, heads, adapter: adapterName };
    });
  }

  /**
   * What each place of a text attends to in a head: numbers of three digits after the point.
   *
   * @returns undefined if there is no such head.
   * @throws {UserError} As {@linkcode read}.
   */
  attention(
    directory: string,
    text: string,
    layer: number,
    head: number,
  ): Promise<number[][] | undefined> {
    return this.#inTurn(directory, text, (reading, { config: { layers, heads } }) => {
      const isOne = (value: number, count: number) =>
        Number.isInteger(value) && value >= 0 && value < count;
      if (!isOne(layer, layers) || !isOne(head, heads)) return undefined;
      return reading.attention(layer, head)
        .map((row) => Array.from(row, (weight) => Math.round(weight * 1000) / 1000));
    });
  }

  /** Frees the model and the GPU, once nothing is read any more. */
  [Symbol.dispose](): void {
    this.#model?.model[Symbol.dispose]();
    this.#gpu?.[Symbol.dispose]();
  }

  #inTurn<Answer>(
    directory: string,
    text: string,
    answer: (reading: Reading, model: Gpt2) => Answer,
  ): Promise<Answer> {
    const mine = this.#work.then(async () => {
      const model = await this.#open(directory);
      return answer(await this.#read(model, text.slice(0, MOST_TEXT)), model);
    });
    this.#work = mine.catch(() => {});
    return mine;
  }

  async #open(directory: string): Promise<Gpt2> {
    if (this.#model?.directory === directory) return this.#model.model;
    this.#model?.model[Symbol.dispose]();
    this.#model = this.#reading = undefined;
    const { Gpu } = await import("../gpu/gpu.ts");
    const { loadCheckpoint } = await import("../checkpoint/checkpoint.ts");
    this.#gpu ??= await Gpu.open(this.#options);
    const model = await loadCheckpoint(this.#gpu, directory);
    this.#model = { directory, model };
    return model;
  }

  async #read(model: Gpt2, text: string): Promise<Reading> {
    if (this.#reading?.text === text) return this.#reading.reading;
    const { readText } = await import("../train/read_text.ts");
    const reading = await readText(model, text);
    this.#reading = { text, reading };
    return reading;
  }
}
