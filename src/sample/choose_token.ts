import { UsageError } from "../errors.ts";
import type { Random } from "../random.ts";

/** How the next token is drawn from the model's distribution. */
export interface SamplingOptions {
  /** Divides the logits; 0 always takes the likeliest token. @default 1 */
  temperature?: number;
  /** Draws among this many likeliest tokens only. @default all */
  topK?: number;
  /**
   * Draws among the likeliest tokens whose probabilities add up to this (Holtzman et al. 2020).
   * @default 1
   */
  topP?: number;
}

/**
 * Checks sampling options.
 *
 * @throws {UsageError} If one is out of range.
 */
export function checkSampling({ temperature = 1, topK = 1, topP = 1 }: SamplingOptions): void {
  if (!(temperature >= 0 && temperature < Infinity)) {
    throw new UsageError(`temperature must be 0 or more, not ${temperature}`);
  }
  if (!Number.isSafeInteger(topK) || topK < 1) {
    throw new UsageError(`top-k must be a positive integer, not ${topK}`);
  }
  if (!(topP > 0 && topP <= 1)) {
    throw new UsageError(`top-p must be above 0 and at most 1, not ${topP}`);
  }
}

/**
 * Draws a token from the softmax of the logits.
 *
 * @param logits (V)
 */
export function chooseToken(
  logits: Float32Array,
  { temperature = 1, topK = logits.length, topP = 1 }: SamplingOptions,
  random: Random,
): number {
  let best = 0;
  for (let token = 1; token < logits.length; token++) {
    if (logits[token] > logits[best]) best = token;
  }
  if (temperature === 0) return best;

  const weights = Float64Array.from(
    logits,
    (logit) => Math.exp((logit - logits[best]) / temperature),
  );
  if (topK >= logits.length && topP === 1) return draw(weights, weights.keys(), random);

  // Likeliest first; equal ones in order, so that the choice does not depend on the sort.
  let candidates = Array.from(weights.keys()).sort((a, b) => weights[b] - weights[a] || a - b);
  candidates = candidates.slice(0, topK);
  if (topP < 1) {
    const enough = topP * candidates.reduce((sum, token) => sum + weights[token], 0);
    let sum = 0;
    const kept = candidates.findIndex((token) => (sum += weights[token]) >= enough);
    if (kept >= 0) candidates = candidates.slice(0, kept + 1);
  }
  return draw(weights, candidates, random);
}

/** Draws one of the candidates with probability proportional to its weight. */
function draw(weights: Float64Array, candidates: Iterable<number>, random: Random): number {
  const tokens = [...candidates];
  const total = tokens.reduce((sum, token) => sum + weights[token], 0);
  let left = random.uniform() * total;
  for (const token of tokens) {
    left -= weights[token];
    if (left < 0) return token;
  }
  // Rounding can leave a little; then the last token with any weight is meant.
  return tokens.findLast((token) => weights[token] > 0)!;
}
