import { UserError } from "../../errors.ts";
import { FULL_VOCABULARY_SIZE } from "../../model/config.ts";

/** What comes after a model's blocks: the last layer norm, and the output matrix, which embeds too. */
export interface Head {
  /** (V, C) */
  wte: Float32Array;
  /** (C) of `ln_f` */
  gain: Float32Array;
  /** (C) of `ln_f` */
  bias: Float32Array;
}

/** A head for GPT-2's own vocabulary. */
export interface ExpandedHead extends Head {
  /** The most by which a known token's logit is not what it was, but for rounding. */
  shift: number;
}

/** By how much the logits of unseen tokens are to be below those of known ones, at least. */
export const MARGIN = 30;

/** The least part of the bias along e, by the precision of the numbers: see below. */
const LEAST_BIAS = { F32: 2 ** -12, F16: 2 ** -7 };

/**
 * The head of a model with a compact vocabulary for GPT-2's own, in which tokens that the model does
 * not know are never likely: whatever the text, each of their logits is below that of every known
 * token by {@linkcode MARGIN}, so that all of them together have a probability below 1e-8.
 *
 * The logits of a token with the row w of the output matrix are w·(g n + b), where n is the
 * normalised activation, and g and b are the gain and bias of the last layer norm. All that is known
 * of n is that its elements sum to 0 and its length is at most √C. Hence a row that is a multiple of
 * e = 1/g has the same logit in every context, since e·(g n) is the sum of n: r = -k e has -k e·b. A
 * known token's logit is at least w·b - √C |w g - mean(w g)|, which says how large k must be.
 *
 * That takes a bias that has a part along e. If there is next to none, δ e is added to b. Known
 * logits then change by δ w·e, and rows are the shorter the larger δ is. Without gains e is constant, and the mean of each known row can be
 * taken off it: layer norms do not see a constant that is added to an embedding, so that no logit
 * changes. Otherwise δ is small, and the largest change is given as `shift`.
 *
 * The rows are long where that part is small, up to some 10,000 for F32, and their logits are what is
 * left of large terms that cancel. What is promised holds of the numbers as they are stored, in
 * arithmetic of at least 32 bits; in 16 bits (whose products with a row of length l are off by about
 * l √C / 2,048) take F16, for which rows are kept some 30 times shorter, at a larger `shift`.
 *
 * @param tokens The GPT-2 token of each known row, ascending.
 * @param dtype What the numbers will be stored as; what is promised holds after rounding.
 * @throws {UserError} If gains are so small or uneven that the promise cannot be kept.
 */
export function expandVocabulary(
  head: Head,
  tokens: Uint32Array,
  dtype: "F32" | "F16",
): ExpandedHead {
  const round = (values: Float32Array) => {
    return dtype === "F32" ? values : Float32Array.from(new Float16Array(values));
  };
  const gain = round(head.gain);
  const C = gain.length;
  const least = Math.min(...gain.map(Math.abs));
  const e = Float64Array.from(gain, (g) => least / g); // at most 1
  const length2 = dot(e, e);
  const isFlat = gain.every((g) => g === gain[0]) && head.bias.every((b) => b === 0);
  const part = dot(e, head.bias) / length2;
  const wanted = isFlat ? 1 : LEAST_BIAS[dtype];
  const delta = Math.abs(part) >= wanted ? 0 : (part < 0 ? -wanted : wanted) - part;
  const bias = round(head.bias.map((b, i) => b + delta * e[i]));

  const known = isFlat ? centred(head.wte, C) : head.wte;
  const rounded = round(known);
  let [lowest, shift] = [Infinity, 0];
  for (let at = 0; at < known.length; at += C) {
    const row = rounded.subarray(at, at + C);
    const { constant, varying } = logitBounds(row, gain, bias);
    lowest = Math.min(lowest, constant - varying);
    if (!isFlat) shift = Math.max(shift, Math.abs(delta * dot(e, known.subarray(at, at + C))));
  }
  const unseen = unreachable(e, gain, bias, Math.min(lowest - MARGIN, 0), round);
  const wte = new Float32Array(FULL_VOCABULARY_SIZE * C);
  for (let token = 0; token < FULL_VOCABULARY_SIZE; token++) wte.set(unseen, token * C);
  tokens.forEach((token, id) => wte.set(rounded.subarray(id * C, (id + 1) * C), token * C));
  return { wte, gain, bias, shift };
}

/** The least multiple of e whose logit is at most `highest`, 0 or below, after rounding too. */
function unreachable(
  e: Float64Array,
  gain: Float32Array,
  bias: Float32Array,
  highest: number,
  round: (values: Float32Array) => Float32Array,
): Float32Array {
  const perUnit = dot(e, bias);
  // Rounding adds a part that varies with the text, so it may take more than the exact multiple.
  for (let k = highest / perUnit, tries = 0; tries < 40; k *= 1.03, tries++) {
    const row = round(Float32Array.from(e, (value) => k * value));
    const { constant, varying } = logitBounds(row, gain, bias);
    if (constant + varying <= highest) return row;
  }
  throw new UserError(
    "the gains of ln_f are too small or uneven for tokens that the model lacks to be kept apart: " +
      "it cannot be exported to the full vocabulary",
    "CHECKPOINT",
  );
}

/** The logit of a row of the output matrix: constant, and how much it varies either way at most. */
export function logitBounds(
  row: Float32Array,
  gain: Float32Array,
  bias: Float32Array,
): { constant: number; varying: number } {
  const C = row.length;
  let [sum, squares, constant] = [0, 0, 0];
  for (let i = 0; i < C; i++) {
    const scaled = row[i] * gain[i];
    sum += scaled;
    squares += scaled * scaled;
    constant += row[i] * bias[i];
  }
  const variance = Math.max(0, squares / C - (sum / C) ** 2);
  return { constant, varying: C * Math.sqrt(variance) };
}

/** Rows without their means. */
function centred(matrix: Float32Array, C: number): Float32Array {
  const result = matrix.slice();
  for (let at = 0; at < result.length; at += C) {
    const row = result.subarray(at, at + C);
    const mean = row.reduce((sum, value) => sum + value, 0) / C;
    for (let i = 0; i < C; i++) row[i] -= mean;
  }
  return result;
}

function dot(a: Float64Array, b: Float32Array | Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
