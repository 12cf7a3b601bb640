import { UsageError, UserError } from "../errors.ts";
import { readIds } from "../data/id_stream.ts";
import { type SlidingWindow, slidingWindows } from "../data/sliding_windows.ts";
import { type DataSources, findShards } from "../data/files/sources.ts";
import type { Split } from "../data/text/split.ts";
import { tokenBytes } from "../tokens/tokenizer.ts";
import type { Vocabulary } from "../tokens/vocabulary.ts";
import type { Gpt2 } from "../model/gpt2.ts";
import type { TensorMap } from "../model/weights.ts";
import { LossPass } from "./loss_pass.ts";

/** What to evaluate a model on, and how. */
export interface EvaluateTextOptions {
  /** Files, globs, directories and URLs. */
  data: DataSources;
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
  const { vocabulary, config } = model;
  const { context } = config;
  const { data, split = "all", stride = context, batch = 8, maxBatches } = options;
  const { lang, minTokens, skipBad, weights = model.weights, onProgress } = options;
  for (const [name, value] of Object.entries({ stride, batch, maxBatches: maxBatches ?? 1 })) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new UsageError(`${name} must be a positive integer, not ${value}`);
    }
  }
  if (stride > context) {
    throw new UsageError(`stride must be at most the model's context, ${context}, not ${stride}`);
  }

  let skipped = 0;
  const onBad = () => skipped++;
  const shards = await findShards(data, { skipBad, onBad });
  const ids = readIds(shards, { vocabulary, split, lang, minTokens, skipBad, onBad });
  const windows = slidingWindows(afterEndOfText(ids, vocabulary), context, stride);
  const byteLengths = byteLengthsOf(vocabulary);
  let [nats, tokens, bytes] = [0, 0, 0];
  const result = (): Evaluation => ({
    loss: nats / tokens,
    perplexity: Math.exp(nats / tokens),
    bitsPerByte: bytes > 0 ? nats / Math.LN2 / bytes : undefined,
    tokens,
    bytes,
    skipped,
  });
  let pass: LossPass | undefined;
  let batches = 0;
  try {
    for await (const group of grouped(windows, batch)) {
      pass ??= new LossPass(model, weights, batch);
      const inputs = new Uint32Array(batch * context);
      const targets = new Uint32Array(batch * context);
      group.forEach(({ ids }, row) => {
        inputs.set(ids.subarray(0, context), row * context);
        targets.set(ids.subarray(1), row * context);
      });
      pass.run({ inputs, targets });
      const losses = await pass.losses();
      group.forEach(({ first, end }, row) => {
        for (let at = row * context + first; at < row * context + end; at++) {
          nats += losses[at];
          bytes += byteLengths[targets[at]];
        }
        tokens += end - first;
      });
      if (!Number.isFinite(nats)) {
        throw new UserError("the model's loss is not a number: its weights are damaged");
      }
      onProgress?.(result());
      if (++batches === maxBatches) break;
    }
  } finally {
    pass?.[Symbol.dispose]();
  }
  if (tokens === 0) {
    throw new UserError(
      split === "all"
        ? "there is no text in the data"
        : `there is no text in the ${split} part of the data`,
    );
  }
  return result();
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
function byteLengthsOf(vocabulary: Vocabulary): Uint8Array {
  return Uint8Array.from({ length: vocabulary.size }, (_, id) => {
    return id === vocabulary.endOfText ? 0 : tokenBytes(vocabulary.decode(id)).length;
  });
}
