import type { OpenGpuOptions } from "../gpu/gpu.ts";
import type { Gpt2 } from "../model/gpt2.ts";
import type { NextToken, Reading, ReadToken } from "../train/read_text.ts";

/** Characters of a text that are looked at, at most. */
const MOST_TEXT = 4_000;

/** What a page is told of a reading. */
export interface ReadingSummary {
  tokens: ReadToken[];
  /** How many more the text has. */
  left: number;
  next: NextToken[];
  layers: number;
  heads: number;
  /** The adapter's name. */
  adapter: string;
}

/** What reads texts with checkpoints: {@linkcode ModelReader}. */
export type TextReader = Pick<ModelReader, "read" | "attention">;

/** Milliseconds without a question after which a model is let go of: others want the memory. */
const PATIENCE = 60_000;

/** A model that is held, and the text that it has read last. */
interface Held extends Disposable {
  directory: string;
  model: Gpt2;
  last?: { text: string; reading: Reading };
}

/**
 * Reads texts with checkpoints, one at a time. Nothing of the GPU is touched before the first text;
 * the last model and text are kept for a while, for those who look at its heads one by one.
 */
export class ModelReader implements AsyncDisposable {
  readonly #options: OpenGpuOptions;
  readonly #patience: number;
  #held: Held | undefined;
  #work: Promise<unknown> = Promise.resolve();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param patience Milliseconds for which a model is kept. */
  constructor(options: OpenGpuOptions = {}, patience = PATIENCE) {
    this.#options = options;
    this.#patience = patience;
  }

  /** Whether a model is held. */
  get isOpen(): boolean {
    return this.#held !== undefined;
  }

  /**
   * The loss of each token of a text, and what may come next.
   *
   * @param directory A checkpoint's.
   * @throws {UserError} If the checkpoint cannot be read, or there is no adapter.
   */
  read(directory: string, text: string): Promise<ReadingSummary> {
    return this.#inTurn(
      directory,
      text,
      ({ tokens, left, next }, { config, gpu: { adapterName } }) => {
        const { layers, heads } = config;
        return { tokens, left, next, layers, heads, adapter: adapterName };
      },
    );
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
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#work;
    this.#close();
  }

  #close(): void {
    clearTimeout(this.#timer);
    this.#held?.[Symbol.dispose]();
    this.#held = undefined;
  }

  #inTurn<Answer>(
    directory: string,
    text: string,
    answer: (reading: Reading, model: Gpt2) => Answer,
  ): Promise<Answer> {
    const mine = this.#work.then(async () => {
      clearTimeout(this.#timer);
      try {
        const held = await this.#open(directory);
        const reading = await this.#read(held, text.slice(0, MOST_TEXT));
        return answer(reading, held.model);
      } catch (error) {
        this.#close(); // a device that ran out of memory, or was lost, is of no use any more
        throw error;
      }
    });
    this.#work = mine.catch(() => {}).then(() => {
      if (this.#held) this.#timer = setTimeout(() => this.#close(), this.#patience);
    });
    return mine;
  }

  async #open(directory: string): Promise<Held> {
    if (this.#held?.directory === directory) return this.#held;
    this.#close();
    const { Gpu } = await import("../gpu/gpu.ts");
    const { loadCheckpoint } = await import("../checkpoint/checkpoint.ts");
    using opened = new DisposableStack();
    const gpu = opened.use(await Gpu.open(this.#options));
    const model = opened.use(await loadCheckpoint(gpu, directory));
    const all = opened.move();
    return this.#held = { directory, model, [Symbol.dispose]: () => all.dispose() };
  }

  async #read(held: Held, text: string): Promise<Reading> {
    if (held.last?.text === text) return held.last.reading;
    const { readText } = await import("../train/read_text.ts");
    const reading = await readText(held.model, text);
    held.last = { text, reading };
    return reading;
  }
}
