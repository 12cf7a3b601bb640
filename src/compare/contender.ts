import type { Initialisation } from "../model/initialise.ts";
import { AdamW } from "../optim/adamw.ts";
import { Agd } from "../optim/agd/agd.ts";
import { type AgdOptions, agdSettings, describeAgd } from "../optim/agd/options.ts";
import type { Optimizer, OptimizerTarget } from "../optim/optimizer.ts";
import { Sgd } from "../optim/sgd.ts";

/** An optimiser with all of its settings, as plain data. */
export type Contender = AgdContender | Tuned;

/** AGD with its settings. */
export interface AgdContender {
  optimizer: "agd";
  options: AgdOptions;
  /**
   * What it was called, of a run that is kept for its tables: a version after it may not have all
   * of the settings any more.
   */
  name?: string;
}

/** AdamW's decay of the average of squares, where nothing is said. */
const ADAMW_BETA2 = 0.95;

/** An optimiser with a learning rate. */
export interface Tuned {
  optimizer: "adamw" | "sgd";
  learningRate: number;
  /** AdamW's decay of the average of squares, if it is not 0.95. */
  beta2?: number;
  /** How the weights start. @default "normal" */
  initialisation?: "natural";
}

/** AGD, its defaults spelt out: a run that is stored says what it was, whatever they become. */
export function agdWith(options: AgdOptions = {}): AgdContender {
  return { optimizer: "agd", options: agdSettings(options) };
}

/** An optimiser that needs a learning rate, with those to try first. */
export interface Grid extends Omit<Tuned, "learningRate"> {
  learningRates: readonly number[];
}

/** AdamW's grid with a decay of the average of squares. */
export function adamwWith(beta2: number, learningRates: readonly number[]): Grid {
  return { optimizer: "adamw", learningRates, ...beta2 === ADAMW_BETA2 ? {} : { beta2 } };
}

/** A grid's optimiser with one of its learning rates. */
export function tuned({ learningRates: _, ...rest }: Grid, learningRate: number): Tuned {
  return { ...rest, learningRate };
}

/** What an optimiser is called whatever its learning rate, e.g. `AdamW`; AGD has none. */
export function familyOf(contender: Contender): string | undefined {
  if (contender.optimizer === "agd") return undefined;
  const { optimizer, beta2, initialisation } = contender;
  const name = optimizer === "adamw" ? "AdamW" : "SGD";
  const start = initialisation ? " from AGD's initial weights" : "";
  return `${name}${start}${beta2 === undefined ? "" : `, beta2 ${beta2}`}`;
}

/** Whether it is AdamW as it is usually started. */
export function isAdamW(contender: Contender): boolean {
  return contender.optimizer === "adamw" && contender.initialisation === undefined;
}

/** What the tables call it, e.g. `AdamW, lr 0.003`. */
export function nameOf(contender: Contender): string {
  if (contender.optimizer !== "agd") {
    return `${familyOf(contender)}, lr ${contender.learningRate}`;
  }
  if (contender.name !== undefined) return contender.name;
  const name = describeAgd(agdSettings(contender.options));
  if (name === "agd frobenius") return "AGD as published";
  return name.replace("agd spectral", "AGD").replace("agd frobenius", "AGD Frobenius");
}

/** Whether it is AGD with nothing set. */
export function isDefault(contender: Contender): boolean {
  return nameOf(contender) === nameOf(agdWith());
}

/** The initial weights that go with an optimiser: rows of embeddings have their natural size. */
export function initialisationOf(contender: Contender): Initialisation {
  if (contender.optimizer !== "agd") return contender.initialisation ?? "normal";
  const { norm, embeddings } = contender.options;
  return norm === "frobenius" && embeddings === "matrix" ? "orthogonal" : "natural";
}

/** Makes the optimiser. */
export function makeOptimizer(contender: Contender, target: OptimizerTarget): Optimizer {
  if (contender.optimizer === "agd") return new Agd(target, contender.options);
  const { optimizer, learningRate, beta2 = ADAMW_BETA2 } = contender;
  return optimizer === "adamw"
    ? new AdamW(target, { learningRate, betas: [0.9, beta2] })
    : new Sgd(target, { learningRate });
}
