import type { TensorMap } from "../model/weights.ts";
import type { SamplingOptions } from "./choose_token.ts";

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
