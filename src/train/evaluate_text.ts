import { UsageError, UserError } from "../errors.ts";
import { readIds } from "../data/id_stream.ts";
import { type SlidingWindow, slidingWindows } from "../data/sliding_windows.ts";
import { type DataSources, findShards } from "../data/files/sources.ts";
import type { Split } from "../data/text/split.ts";
import type { Vocabulary } from "../tokens/vocabulary.ts";
import type { Gpt2 } from "../model/gpt2.ts";
import type { Batch } from "../tokens/batch.ts";
import type { TensorMap } from "../model/weights.ts";
import { LossPass } from "./loss_pass.ts";

/** What to evaluate a model on, and how. */
export interface EvaluateTextOptions {
  /** Files, globs, directories and URLs. */
  data: DataSources;
  /** The column of Parquet files that holds the texts. @default text */
  column?: string;
  /** The whole of the data, or the part that training on it would leave to either. @default "all" */
  split?: Split | "all";
  /** Tokens from one window to the next, at most the context. @default the model's context */
  stride?: number;
  /** Windows that go through the model at once; only rounding depends on it. @default 8 */
  batch?: number;
  /** Stop after so many batches. @default all */
  maxBatches?: number;
  /** Leave out documents that say to be in another language than this, e.g. `en`. */
  lang?: string;
  /** Leave out documents of fewer tokens. @default 0 */
  minTokens?: number;
  /** Skip and count lines that cannot be read, instead of failing. @default false */
  skipBad?: boolean;
  /** What to evaluate. @default the model's weights */
  weights?: TensorMap;
  /** Called after each batch. */
  onProgress?: (soFar: Evaluation) => void;
}

/** How well a model predicts a text. */
export interface Evaluation {
  /** The mean loss, in nats per token. */
  loss: number;
  /** exp(loss). */
  perplexity: number;
  /** The loss of all tokens, in bits, by the bytes of the text; undefined if it has none. */
  bitsPerByte?: number;
  /** Tokens that were predicted, `<|endoftext|>` after each document among them. */
  tokens: number;
  /** Bytes of text that these tokens stand for; `<|endoftext|>` stands for none. */
  bytes: number;
  /** Bad lines that were skipped. */
  skipped: number;
}

/**
 * Measures how well a model predicts a text, token after token. The documents are joined, with
 * `<|endoftext|>` before the first and after each. Windows as long as the context slide over them
 * by `stride` tokens, and of each the last `stride` predictions count (of the first one all), so
 * that every token counts exactly once. With the context as stride this is fast; a smaller one
 * gives each token at least context - stride others to go by.
 *
 * @throws {UserError} If the data is bad, or there is none.
 * @throws {UsageError} If `stride`, `batch` or `maxBatches` is not such a number.
 *
 * @example
 * ```ts
 * import { evaluateText, Gpu, loadCheckpoint } from "@agd/gpt2";
 *
 * using gpu = await Gpu.open();
 * using model = await loadCheckpoint(gpu, "runs/base");
 * const { perplexity, bitsPerByte } = await evaluateText(model, { data: ["novel.txt"] });
 * console.log(perplexity, bitsPerByte);
 * ```
 */
export async function evaluateText(model: Gpt2, options: EvaluateTextOptions): Promise<Evaluation> {
  const { vocabulary, config: { context } } = model;
  const { data, column, split = "all", stride = context, batch = 8, maxBatches } = options;
  const { lang, minTokens, skipBad, weights = model.weights, onProgress } = options;
  checkCounts({ stride, batch, maxBatches: maxBatches ?? 1 }, context);

  const sums = new Sums(vocabulary);
  const onBad = () => sums.skipped++;
  const shards = await findShards(data, { column, skipBad, onBad });
  const ids = readIds(shards, { vocabulary, split, lang, minTokens, skipBad, onBad });
  const windows = slidingWindows(afterEndOfText(ids, vocabulary), context, stride);
  let pass: LossPass | undefined;
  let batches = 0;
  try {
    for await (const group of grouped(windows, batch)) {
      pass ??= new LossPass(model, weights, batch);
      pass.run(joinWindows(group, batch, context));
      sums.add(group, await pass.losses());
      onProgress?.(sums.evaluation());
      if (++batches === maxBatches) break;
    }
  } finally {
    pass?.[Symbol.dispose]();
  }
  if (sums.tokens > 0) return sums.evaluation();
  throw new UserError(
    split === "all"
      ? "there is no text in the data"
      : `there is no text in the ${split} part of the data`,
    "DATA",
  );
}

function checkCounts(counts: { stride: number; [name: string]: number }, context: number): void {
  for (const [name, value] of Object.entries(counts)) {
    if (Number.isSafeInteger(value) && value >= 1) continue;
    throw new UsageError(`${name} must be a positive integer, not ${value}`);
  }
  const { stride } = counts;
  if (stride <= context) return;
  throw new UsageError(`stride must be at most the model's context, ${context}, not ${stride}`);
}

/** (batch, context) windows as a batch; rows that there is no window for are 0. */
function joinWindows(windows: readonly SlidingWindow[], batch: number, context: number): Batch {
  const inputs = new Uint32Array(batch * context);
  const targets = new Uint32Array(batch * context);
  windows.forEach(({ ids }, row) => {
    inputs.set(ids.subarray(0, context), row * context);
    targets.set(ids.subarray(1), row * context);
  });
  return { inputs, targets };
}

/** What the predictions so far add up to. */
class Sums {
  tokens = 0;
  /** Bad lines. */
  skipped = 0;
  #nats = 0;
  #bytes = 0;
  readonly #byteLengths: Uint32Array;

  constructor(vocabulary: Vocabulary) {
    this.#byteLengths = byteLengthsOf(vocabulary);
  }

  /**
   * @param losses (batch, context), of which the first rows are the windows'.
   * @throws {UserError} If a loss is not a number.
   */
  add(windows: readonly SlidingWindow[], losses: Float32Array): void {
    windows.forEach(({ ids, first, end }, row) => {
      const context = ids.length - 1;
      for (let i = first; i < end; i++) {
        this.#nats += losses[row * context + i];
        this.#bytes += this.#byteLengths[ids[i + 1]];
      }
      this.tokens += end - first;
    });
    if (Number.isFinite(this.#nats)) return;
    throw new UserError("the model's loss is not a number: its weights are damaged", "CHECKPOINT");
  }

  evaluation(): Evaluation {
    const loss = this.#nats / this.tokens;
    return {
      loss,
      perplexity: Math.exp(loss),
      bitsPerByte: this.#bytes > 0 ? this.#nats / Math.LN2 / this.#bytes : undefined,
      tokens: this.tokens,
      bytes: this.#bytes,
      skipped: this.skipped,
    };
  }
}

/** Puts `<|endoftext|>` before ids that do not begin with it. */
async function* afterEndOfText(
  chunks: AsyncIterable<ArrayLike<number>>,
  { endOfText }: Vocabulary,
): AsyncGenerator<ArrayLike<number>> {
  let isFirst = true;
  for await (const chunk of chunks) {
    if (chunk.length === 0) continue;
    if (isFirst && chunk[0] !== endOfText) yield [endOfText];
    isFirst = false;
    yield chunk;
  }
}

async function* grouped(
  windows: AsyncIterable<SlidingWindow>,
  size: number,
): AsyncGenerator<SlidingWindow[]> {
  let group: SlidingWindow[] = [];
  for await (const window of windows) {
    if (group.push(window) < size) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}

/** How many bytes of text each id stands for. */
function byteLengthsOf({ size, endOfText, tokenizer, decode }: Vocabulary): Uint32Array {
  return Uint32Array.from({ length: size }, (_, id) => {
    return id === endOfText ? 0 : tokenizer.tokenBytes(decode(id)).length;
  });
}
