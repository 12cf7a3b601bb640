import type { Initialisation } from "../model/initialise.ts";
import { AdamW } from "../optim/adamw.ts";
import { Agd } from "../optim/agd/agd.ts";
import { type AgdOptions, agdSettings, describeAgd } from "../optim/agd/options.ts";
import { Muon } from "../optim/muon.ts";
import type { Optimizer, OptimizerTarget } from "../optim/optimizer.ts";
import { ScheduleFree } from "../optim/schedule_free.ts";
import { ScheduleFreePlus } from "../optim/schedule_free_plus.ts";
import { Sgd } from "../optim/sgd.ts";
import type { LearningRateDecay } from "../train/schedule.ts";

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
/** AdamW's decay of matrices and embeddings, where nothing is said. */
const ADAMW_WEIGHT_DECAY = 0.1;
/** Steps in which ScheduleFree+ goes from taking gradients at 0.9 of the way to 0.965. */
const ANNEALING = 10_000;
/** Steps after which its average begins, and AMUSE's b grows: those of warm-up, at most. */
const WARMUP = 100;

/** AMUSE's settings for a language model of 124 M parameters, but for a warm-up as of all others. */
const AMUSE = { beta2: 0.999, averaging: { interpolation: 0.6, approach: 0.8, warmup: WARMUP } };

/** An optimiser with a learning rate. */
export interface Tuned {
  optimizer: "adamw" | "muon" | "sf-muon" | "amuse" | "schedulefree+" | "sgd";
  /** Of ScheduleFree+, which finds its step by itself, what that is multiplied by: 1. */
  learningRate: number;
  /** AdamW's decay of the average of squares, if it is not 0.95. */
  beta2?: number;
  /** Decay of matrices and embeddings, if it is not 0.1, or with ScheduleFree+ 0. */
  weightDecay?: number;
  /** How the learning rate comes down, if not by a cosine to a tenth. */
  decay?: "linear" | "constant";
  /** Steps that the learning rate is planned for, if not those of the run; see {@linkcode train}. */
  horizon?: number;
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

/** In which forms AdamW is tried: in all combinations, each with a grid of its own. */
export interface AdamWForms {
  /** Decays of the average of squares. */
  beta2: readonly number[];
  /** Decays of matrices and embeddings. */
  weightDecay: readonly number[];
  /** How the learning rate comes down. */
  decay: readonly LearningRateDecay[];
  /** Steps that the learning rate is planned for; none: those of the run. */
  horizon?: readonly number[];
}

/** AdamW as it is usually taken. */
export const USUAL_ADAMW: AdamWForms = {
  beta2: [ADAMW_BETA2],
  weightDecay: [ADAMW_WEIGHT_DECAY],
  decay: ["cosine"],
};

/** A grid for each form of AdamW; what is usual is left out of them. */
export function adamwGrids(forms: AdamWForms, learningRates: readonly number[]): Grid[] {
  const { horizon = [] } = forms;
  const plans = horizon.length > 0 ? horizon.map((horizon) => ({ horizon })) : [{}];
  return plans.flatMap((plan) =>
    forms.decay.flatMap((decay) =>
      forms.weightDecay.flatMap((weightDecay) =>
        forms.beta2.map((beta2): Grid => ({
          optimizer: "adamw",
          learningRates,
          ...beta2 === ADAMW_BETA2 ? {} : { beta2 },
          ...weightDecay === ADAMW_WEIGHT_DECAY ? {} : { weightDecay },
          ...decay === "cosine" ? {} : { decay },
          ...plan,
        }))
      )
    )
  );
}

/** A grid's optimiser with one of its learning rates. */
export function tuned({ learningRates: _, ...rest }: Grid, learningRate: number): Tuned {
  return { ...rest, learningRate };
}

const NAMES = {
  "adamw": "AdamW",
  "muon": "Muon",
  "sf-muon": "Schedule-free Muon",
  "amuse": "AMUSE",
  "schedulefree+": "ScheduleFree+",
  "sgd": "SGD",
};

/** What an optimiser is called whatever its learning rate, e.g. `AdamW`; AGD has none. */
export function familyOf(contender: Contender): string | undefined {
  if (contender.optimizer === "agd") return undefined;
  const { optimizer, beta2, weightDecay, decay, horizon, initialisation } = contender;
  const name = NAMES[optimizer];
  return [
    initialisation ? `${name} from AGD's initial weights` : name,
    ...decay === "linear" ? ["linear to 0"] : [],
    ...beta2 === undefined ? [] : [`beta2 ${beta2}`],
    ...weightDecay === undefined ? [] : [`weight decay ${weightDecay}`],
    ...horizon === undefined ? [] : [`planned for ${horizon} steps`],
  ].join(", ");
}

/** Whether a learning rate is looked for: that of ScheduleFree+ is always 1. */
export function hasRate({ optimizer }: Pick<Tuned, "optimizer">): boolean {
  return optimizer !== "schedulefree+";
}

/** Whether it is AdamW as it is usually started, its rate planned for the run's length. */
export function isAdamW(contender: Contender): boolean {
  return contender.optimizer === "adamw" && contender.initialisation === undefined &&
    contender.horizon === undefined;
}

/** What the tables call it, e.g. `AdamW, lr 0.003`. */
export function nameOf(contender: Contender): string {
  if (contender.optimizer !== "agd") {
    const family = familyOf(contender)!;
    return hasRate(contender) ? `${family}, lr ${contender.learningRate}` : family;
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

/** Whether it is a method of others as it is used: no form of AGD, nor from AGD's initial weights. */
export function isRival(contender: Contender): boolean {
  return contender.optimizer !== "agd" && contender.initialisation === undefined;
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
  const { optimizer, learningRate, beta2 = ADAMW_BETA2, weightDecay } = contender;
  if (optimizer === "sgd") return new Sgd(target, { learningRate });
  if (optimizer === "schedulefree+") {
    return new ScheduleFreePlus(target, {
      betas: [0.9, beta2],
      weightDecay,
      annealing: ANNEALING,
      warmup: WARMUP,
    });
  }
  const settings = { learningRate, betas: [0.9, beta2], weightDecay } as const;
  if (optimizer === "adamw") return new AdamW(target, settings);
  if (optimizer === "muon") return new Muon(target, settings);
  // Gradients that are taken near the average do for embeddings and vectors what momentum does.
  const within = (beta2: number) => (target: OptimizerTarget) =>
    new Muon(target, { ...settings, betas: [0, beta2] });
  if (optimizer === "sf-muon") return new ScheduleFree(target, within(beta2));
  return new ScheduleFree(target, within(AMUSE.beta2), AMUSE.averaging);
}
