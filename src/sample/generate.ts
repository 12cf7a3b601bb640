import { UsageError } from "../errors.ts";
import { encodeWith, TokenDecoder } from "../tokens/tokenizer.ts";
import type { Vocabulary } from "../tokens/vocabulary.ts";
import type { Gpt2 } from "../model/gpt2.ts";
import type { TensorMap } from "../model/weights.ts";
import { Random } from "../random.ts";
import { checkSampling, chooseToken, type SamplingOptions } from "./choose_token.ts";
import { Decoder } from "./decoder.ts";

/** What to generate. */
export interface GenerateOptions extends SamplingOptions {
  /**
   * Text to go on from; only its last tokens count if it is longer than the context. An empty
   * one starts a new document. @default ""
   */
  prompt?: string;
  /** Whether `<|endoftext|>`, or what the tokenizer calls it, is that token. @default false */
  special?: boolean;
  /** Most tokens to generate. @default 100 */
  maxTokens?: number;
  /** Any integer: the same seed gives the same text. @default 0 */
  seed?: number;
  /**
   * What follows a full context, as positions are learned and cannot go on: `restart` goes on from
   * its last half, at the cost of reading that once for half a context of tokens; `slide` leaves out
   * the first token, as nanoGPT does, which reads the whole context anew for each token.
   * @default "restart"
   */
  window?: "restart" | "slide";
  /** Weights to use. @default the model's weights */
  weights?: TensorMap;
}

/**
 * Generates text piece by piece, without the prompt. Pieces are whole characters. It ends after
 * `maxTokens` tokens or at `<|endoftext|>`, which is not part of the text.
 *
 * @throws {UsageError} If an option is out of range.
 *
 * @example
 * ```ts
 * import { generate, Gpu, loadCheckpoint } from "@agd/gpt2";
 *
 * using gpu = await Gpu.open();
 * using model = await loadCheckpoint(gpu, "runs/base");
 * for await (const piece of generate(model, { prompt: "The moon", temperature: 0.8 })) {
 *   console.log(piece);
 * }
 * ```
 */
export async function* generate(
  model: Gpt2,
  options: GenerateOptions = {},
): AsyncGenerator<string, void> {
  const { prompt = "", maxTokens = 100, seed = 0, window = "restart", weights } = options;
  checkSampling(options);
  if (!Number.isSafeInteger(maxTokens) || maxTokens < 0) {
    throw new UsageError(`max-tokens must be an integer of 0 or more, not ${maxTokens}`);
  }
  if (!Number.isSafeInteger(seed)) throw new UsageError(`seed must be an integer, not ${seed}`);

  const { vocabulary, config } = model;
  const random = new Random(seed);
  const text = new TokenDecoder(vocabulary.tokenizer);
  // The last tokens, as many as fit the context.
  const prompted = promptTokens(prompt, vocabulary, options.special ?? false);
  const sequence = prompted.slice(-config.context);
  using decoder = new Decoder(model, { weights, capacity: sequence.length + maxTokens });
  for (let generated = 0; generated < maxTokens; generated++) {
    if (decoder.length === config.context) {
      decoder.reset();
      const kept = window === "slide" ? config.context : Math.ceil(config.context / 2);
      sequence.splice(0, sequence.length - kept);
    }
    const logits = await decoder.append(Uint32Array.from(sequence.slice(decoder.length)));
    const token = chooseToken(logits, options, random);
    if (token === vocabulary.endOfText) break;
    sequence.push(token);
    const piece = text.push(vocabulary.decode(token));
    if (piece !== "") yield piece;
  }
  const rest = text.end();
  if (rest !== "") yield rest;
}

/** The ids of a prompt. An empty one is the end of the document before. */
function promptTokens(prompt: string, vocabulary: Vocabulary, special: boolean): number[] {
  const { endOfText, tokenizer } = vocabulary;
  if (prompt === "") return [endOfText];
  const [first, ...rest] = special ? prompt.split(tokenizer.endName) : [prompt];
  const ids = (text: string) => [...vocabulary.encode(encodeWith(tokenizer, text))];
  return [...ids(first), ...rest.flatMap((text) => [endOfText, ...ids(text)])];
}
