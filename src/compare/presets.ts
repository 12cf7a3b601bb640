import { type AgdOptions, agdSettings } from "../optim/agd/options.ts";
import type { Axes } from "./cell.ts";
import { SAMPLE_CORPUS } from "./corpus.ts";
import { type AdamWForms, agdWith, type Contender, type Grid, USUAL_ADAMW } from "./contender.ts";

/** A comparison that is ready to be made. */
export interface ComparePreset {
  axes: Axes;
  sweep: "product" | "star";
  /** To train on in each run. */
  tokens: number;
  seeds: readonly number[];
  contenders: readonly Contender[];
  grids: readonly Grid[];
  /** It has a grid for each. */
  adamwForms: AdamWForms;
  /** Evaluations in a run, at most. @default 10 */
  evaluations?: number;
}

/** AGD with nothing set. */
export const AGD: Contender = agdWith();
/** AGD as it was published. */
export const PUBLISHED: Contender = agdWith({ norm: "frobenius" });
export const ADAMW: Grid = { optimizer: "adamw", learningRates: [1e-3, 3e-3, 1e-2] };
/** AdamW from the weights that AGD starts from: tells the optimiser's part from that of the start. */
export const ADAMW_NATURAL: Grid = { ...ADAMW, initialisation: "natural" };
/** With beta2 of large batches, and the published one, which small batches may gain by. */
const BOTH_BETA2S: AdamWForms = { ...USUAL_ADAMW, beta2: [0.95, 0.999] };
/** Its rate falls to zero. */
export const MUON: Grid = { ...ADAMW, optimizer: "muon", decay: "linear" };
/** Its rate stays what it is after warm-up. */
export const SF_MUON: Grid = { ...MUON, optimizer: "sf-muon", decay: "constant" };
export const AMUSE: Grid = { ...SF_MUON, optimizer: "amuse" };
/** Has its step from the loss; its decay is multiplied by the square of that. */
export const SCHEDULE_FREE_PLUS: readonly Grid[] = [{}, { weightDecay: 20 }].map((form) => (
  { optimizer: "schedulefree+", learningRates: [1], decay: "constant", ...form }
));
export const SGD: Grid = { optimizer: "sgd", learningRates: [0.1, 0.3, 1] };

const SMALL: Axes = {
  data: [SAMPLE_CORPUS],
  layers: [2],
  heads: [4],
  width: [64],
  context: [64],
  batch: [16],
  bias: [true],
  affine: [true],
  vocabulary: ["compact"],
};

/** What AGD is made of, a part at a time: first of the default, then of the published form. */
const ABLATIONS: readonly AgdOptions[] = [
  { vectors: "grouped" },
  { vectors: "none" },
  { embeddings: "matrix" },
  { momentum: 0 },
  { momentum: 0.9 },
  { growth: false },
  { nesterov: false },
  { cautious: false },
  { shortening: false },
  { averaging: false },
  { momentum: 0, averaging: false },
  { shares: "equal" },
  { rowHistory: false },
  { norm: "frobenius" },
  { norm: "frobenius", vectors: "own" },
  { norm: "frobenius", vectors: "none" },
  { norm: "frobenius", embeddings: "rows" },
  { norm: "frobenius", momentum: 0.9 },
  { norm: "frobenius", averaging: true },
  { norm: "frobenius", shares: "proportional" },
  { ...agdSettings({}), norm: "frobenius" },
];

/** Comparisons by name. */
export const COMPARE_PRESETS = {
  quick: {
    axes: SMALL,
    sweep: "product",
    tokens: 75 * 16 * 64,
    seeds: [0],
    contenders: [AGD, PUBLISHED],
    grids: [ADAMW, SGD],
    adamwForms: USUAL_ADAMW,
  },
  cells: {
    axes: {
      ...SMALL,
      layers: [2, 4],
      width: [64, 128],
      context: [64, 128, 256],
      batch: [16, 4, 64],
      bias: [true, false],
      affine: [true, false],
      vocabulary: ["compact", "full"],
    },
    sweep: "star",
    tokens: 150 * 16 * 64,
    seeds: [0, 1, 2],
    contenders: [AGD],
    grids: [ADAMW],
    adamwForms: BOTH_BETA2S,
  },
  ablations: {
    axes: SMALL,
    sweep: "product",
    tokens: 150 * 16 * 64,
    seeds: [0, 1, 2],
    contenders: [AGD, ...ABLATIONS.map(agdWith)],
    grids: [ADAMW, ADAMW_NATURAL],
    adamwForms: BOTH_BETA2S,
  },
  gpu: {
    axes: {
      ...SMALL,
      ...{ layers: [6], heads: [6], width: [384], context: [256], batch: [32] },
      vocabulary: ["full"],
    },
    sweep: "product",
    tokens: 4000 * 32 * 256,
    seeds: [0, 1, 2],
    contenders: [AGD, PUBLISHED],
    grids: [ADAMW, SGD],
    adamwForms: BOTH_BETA2S,
  },
  gpt2: {
    axes: {
      ...SMALL,
      ...{ layers: [12], heads: [12], width: [768], context: [1024], batch: [16] },
      vocabulary: ["full"],
    },
    sweep: "product",
    tokens: 6000 * 16 * 1024,
    seeds: [0],
    contenders: [AGD],
    grids: [{ optimizer: "adamw", learningRates: [3e-4, 1e-3, 3e-3] }],
    adamwForms: USUAL_ADAMW,
  },
  long: {
    // 100,096 parameters without embeddings, 105 tokens for each
    axes: SMALL,
    sweep: "product",
    tokens: 10_240 * 16 * 64,
    seeds: [0],
    contenders: [AGD],
    grids: [ADAMW, MUON, SF_MUON, AMUSE, ...SCHEDULE_FREE_PLUS],
    adamwForms: { ...BOTH_BETA2S, weightDecay: [0.1, 0], decay: ["cosine", "linear"] },
    evaluations: 64,
  },
} as const satisfies Record<string, ComparePreset>;
