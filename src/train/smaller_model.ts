import type { Gpt2Config } from "../model/config.ts";
import { parameterCount } from "../model/parameters.ts";
import type { TrainerOptions } from "./trainer_options.ts";

/** A model and how it is trained. */
export interface TrainedModel {
  config: Gpt2Config;
  options: TrainerOptions;
}

/** A model of more parameters is not made only to be measured. */
const MOST_PARAMETERS = 2 ** 25;

/** Sizes that leave the shares of kernels about as they are. */
const VOCABULARY = 4096;
const CONTEXT = 256;
const WIDTH = 256;

/**
 * The model itself, if it is small, and ever smaller ones whose steps are like its own, so that one's
 * time tells of the other's: one block of it, one sequence, a part of the vocabulary, a part of the
 * sequence, and fewer heads.
 */
export function smallerModels(whole: TrainedModel): TrainedModel[] {
  const models = parameterCount(whole.config) <= MOST_PARAMETERS ? [whole] : [];
  let { config, options } = whole;
  const add = (changed: Partial<Gpt2Config>, others: Partial<TrainerOptions> = {}) => {
    config = { ...config, ...changed };
    options = { ...options, ...others };
    models.push({ config, options });
  };
  add({ layers: 1 }, { accumulate: 1 });
  add({}, { batch: 1 });
  add({ vocabularySize: Math.min(config.vocabularySize, VOCABULARY) });
  add({ context: Math.min(config.context, CONTEXT) });
  const headSize = config.width / config.heads;
  while (config.width > WIDTH && config.heads > 1) {
    const heads = config.heads >> 1;
    const width = heads * headSize;
    // Kernels are others where rows are no whole vec4s, and 16 bits take an even width.
    if (width % 4 !== whole.config.width % 4) break;
    add({ heads, width });
  }
  return models;
}
