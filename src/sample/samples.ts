import { UsageError } from "../errors.ts";
import type { Gpt2 } from "../model/gpt2.ts";
import { encodeWith, TokenDecoder } from "../tokens/tokenizer.ts";
import type { Vocabulary } from "../tokens/vocabulary.ts";
import { checkChosen, checkSampling } from "./choose_token.ts";
import { Decoder, sequencesThatFit } from "./decoder.ts";
import type { GenerateOptions } from "./options.ts";
import { Pace } from "./pace.ts";

/** A piece of one of several texts. */
export interface SamplePiece {
  /** Which text, from 0 on. */
  sample: number;
  /** Whole characters, perhaps none. */
  text: string;
  /** Whether the text ends with it. */
  isLast: boolean;
}

/**
 * Generates several texts at once from one prompt, as {@linkcode generate} does one. The seed counts
 * up: text number i is that of seed + i alone. Pieces of all texts come in turns.
 *
 * @throws {UsageError} If an option is out of range.
 *
 * @example
 * ```ts
 * import { generateSamples, Gpu, loadCheckpoint } from "@agd/gpt2";
 *
 * using gpu = await Gpu.open();
 * using model = await loadCheckpoint(gpu, "runs/base");
 * const texts = ["", "", ""];
 * for await (const { sample, text } of generateSamples(model, 3, { prompt: "The moon" })) {
 *   texts[sample] += text;
 * }
 * console.log(texts);
 * ```
 */
export async function* generateSamples(
  model: Gpt2,
  count: number,
  options: GenerateOptions = {},
): AsyncGenerator<SamplePiece, void> {
  const { prompt = "", maxTokens = 100, seed = 0 } = options;
  checkSampling(options);
  if (!Number.isSafeInteger(maxTokens) || maxTokens < 0) {
    throw new UsageError(`max-tokens must be an integer of 0 or more, not ${maxTokens}`);
  }
  if (!Number.isSafeInteger(seed)) throw new UsageError(`seed must be an integer, not ${seed}`);
  // The last tokens, as many as fit the context.
  const tokens = promptTokens(prompt, model.vocabulary, options.special ?? false)
    .slice(-model.config.context);
  const most = sequencesThatFit(model, tokens.length + maxTokens);
  for (let first = 0; first < count; first += most) {
    const samples = Array.from({ length: Math.min(most, count - first) }, (_, i) => first + i);
    yield* generateTogether(model, samples, Uint32Array.from(tokens), options);
  }
}

/** Generates some of the texts, which go through the model together. */
async function* generateTogether(
  model: Gpt2,
  samples: readonly number[],
  prompt: Uint32Array,
  { maxTokens = 100, seed = 0, window = "restart", ...options }: GenerateOptions,
): AsyncGenerator<SamplePiece, void> {
  const { vocabulary, config: { context } } = model;
  using decoder = new Decoder(model, {
    ...options,
    capacity: prompt.length + maxTokens,
    seeds: samples.map((sample) => seed + sample),
  });
  decoder.append(prompt);
  const texts = samples.map((sample) => new Text(sample, vocabulary));
  const pace = new Pace();
  let left = maxTokens;
  // Tokens are read back while those after them are computed.
  let before: Promise<Uint32Array[]> = Promise.resolve([]);
  while (left > 0 && texts.some(({ isOpen }) => isOpen)) {
    const count = Math.min(pace.tokens, left, decoder.capacity);
    for (let i = 0; i < count; i++) {
      if (decoder.length > context) {
        decoder.keep(window === "slide" ? context : Math.ceil(context / 2));
      }
      decoder.forward();
      decoder.accept();
    }
    left -= count;
    const next = decoder.last(count);
    next.catch(() => {}); // What fails is told when it is waited for, if it ever is.
    yield* (await before).flatMap((tokens, i) => texts[i].push(tokens));
    before = next;
    pace.next();
  }
  yield* (await before).flatMap((tokens, i) => texts[i].push(tokens));
  yield* texts.flatMap((text) => text.end());
}

/** One of the texts as it grows. */
class Text {
  /** Whether it goes on. */
  isOpen = true;
  readonly #sample: number;
  readonly #vocabulary: Vocabulary;
  readonly #decoder: TokenDecoder;

  constructor(sample: number, vocabulary: Vocabulary) {
    this.#sample = sample;
    this.#vocabulary = vocabulary;
    this.#decoder = new TokenDecoder(vocabulary.tokenizer);
  }

  /** Adds tokens, up to the end of the document. */
  push(tokens: Uint32Array): SamplePiece[] {
    const pieces: SamplePiece[] = [];
    for (const token of tokens) {
      if (!this.isOpen) break;
      checkChosen(token);
      if (token === this.#vocabulary.endOfText) {
        pieces.push(...this.end());
        break;
      }
      const text = this.#decoder.push(this.#vocabulary.decode(token));
      if (text !== "") pieces.push({ sample: this.#sample, text, isLast: false });
    }
    return pieces;
  }

  /** Ends the text, if it has not ended. */
  end(): SamplePiece[] {
    if (!this.isOpen) return [];
    this.isOpen = false;
    return [{ sample: this.#sample, text: this.#decoder.end(), isLast: true }];
  }
}

/** The ids of a prompt. An empty one is the end of the document before. */
function promptTokens(prompt: string, vocabulary: Vocabulary, special: boolean): number[] {
  const { endOfText, tokenizer } = vocabulary;
  if (prompt === "") return [endOfText];
  const [first, ...rest] = special ? prompt.split(tokenizer.endName) : [prompt];
  const ids = (text: string) => [...vocabulary.encode(encodeWith(tokenizer, text))];
  return [...ids(first), ...rest.flatMap((text) => [endOfText, ...ids(text)])];
}
