import { UsageError, UserError } from "../errors.ts";
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
 * @throws {UserError} If one is NaN or infinite, as those of a model that diverged are. What has a
 * logit of -Infinity is never drawn.
 */
export function chooseToken(
  logits: Float32Array,
  { temperature = 1, topK = logits.length, topP = 1 }: SamplingOptions,
  random: Random,
): number {
  const unfit = logits.find((logit) => !(logit < Infinity));
  if (unfit !== undefined) {
    throw new UserError(
      `the model gives a logit of ${unfit}: its weights are damaged, or too large to compute with`,
      "CHECKPOINT",
    );
  }
  let best = 0;
  for (let token = 1; token < logits.length; token++) {
    if (logits[token] > logits[best]) best = token;
  }
  if (temperature === 0) return best;

  const weights = new Float64Array(logits.length);
  for (let token = 0; token < logits.length; token++) {
    weights[token] = Math.exp((logits[token] - logits[best]) / temperature);
  }
  if (topK < logits.length || topP < 1) keepLikeliest(weights, topK, topP);
  let total = 0;
  for (const weight of weights) total += weight;
  let left = random.uniform() * total;
  for (let token = 0; token < weights.length; token++) {
    left -= weights[token];
    if (left < 0) return token;
  }
  // Rounding can leave a little; then the last token with any weight is meant.
  return weights.findLastIndex((weight) => weight > 0);
}

/**
 * Sets all weights to 0 but the `topK` largest, and of those all but the fewest that make up
 * `topP` of their sum. Of equal weights the first ones stay.
 */
function keepLikeliest(weights: Float64Array, topK: number, topP: number): void {
  // A typed array sorts numbers far faster than tokens could be sorted by their weight.
  const descending = weights.slice().sort().reverse().subarray(0, topK);
  let enough = 0;
  for (const weight of descending) enough += topP * weight;
  let kept = 0;
  for (let sum = 0; kept < descending.length && sum < enough; kept++) sum += descending[kept];
  const smallest = descending[kept - 1];
  let ties = 0;
  for (let i = kept - 1; i >= 0 && descending[i] === smallest; i--) ties++;
  for (let token = 0; token < weights.length; token++) {
    if (weights[token] > smallest) continue;
    if (weights[token] === smallest && ties-- > 0) continue;
    weights[token] = 0;
  }
}
