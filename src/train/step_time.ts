import { only } from "../gpu/profile.ts";
import type { Gpu } from "../gpu/gpu.ts";
import type { Gpt2Config } from "../model/config.ts";
import { Gpt2 } from "../model/gpt2.ts";
import { parameterTable } from "../model/parameters.ts";
import { allocateLike, type TensorMap } from "../model/weights.ts";
import { Random } from "../random.ts";
import type { Batch } from "../tokens/batch.ts";
import { fullVocabulary } from "../tokens/vocabulary.ts";
import { smallerModels, type TrainedModel } from "./smaller_model.ts";
import { Trainer } from "./trainer.ts";

/** Arithmetic operations or seconds of a step, by section of its plans. */
type Sections = Map<string, number>;

/** How to measure. */
export interface StepTimeOptions {
  /** Seconds that a step which is measured may take, about. @default 2 */
  seconds?: number;
  /** A clock, in milliseconds. @default `performance.now` */
  now?: () => number;
}

/** Random numbers that weights are filled with over and over. */
const PATTERN = 2 ** 16;

/** A measurement of less than this, in seconds, is repeated, so that the clock's grain does not count. */
const SHORTEST = 0.1;

/**
 * Estimates the seconds of a training step on this adapter, without reading data. A small model's are
 * measured. Of a larger one a part is, as large as time allows, each section of the step by itself;
 * the whole takes longer in proportion to the arithmetic in it.
 *
 * @throws {UserError} If the adapter cannot hold what is measured.
 */
export async function estimateStepSeconds(
  gpu: Gpu,
  whole: TrainedModel,
  { seconds = 2, now = () => performance.now() }: StepTimeOptions = {},
): Promise<number> {
  const work = workOf(gpu, whole);
  const models = smallerModels(whole).map((model) => ({ model, work: workOf(gpu, model) }));
  const least = models.at(-1)!;
  const measure = async ({ model, work: part }: typeof least) => {
    const isWhole = sameSize(model, whole);
    const measured = await measureSections(gpu, model, isWhole ? undefined : [...work.keys()], now);
    return { measured, part };
  };
  let result = await measure(least);
  const pace = total(result.measured) / total(result.part);
  const most = models.find(({ work }) => pace * total(work) <= seconds);
  if (most && most !== least) result = await measure(most);
  const { measured, part } = result;
  let sum = 0;
  for (const [section, taken] of measured) {
    sum += section === WHOLE ? taken : taken * work.get(section)! / part.get(section)!;
  }
  return sum;
}

/** Stands for all sections, together. */
const WHOLE = "whole";

function sameSize(one: TrainedModel, other: TrainedModel): boolean {
  return one.config === other.config && one.options === other.options;
}

function total(sections: Sections): number {
  return [...sections.values()].reduce((sum, value) => sum + value, 0);
}

/** The arithmetic of a step, without allocating anything. */
function workOf(gpu: Gpu, { config, options }: TrainedModel): Sections {
  let work: Sections = new Map();
  gpu.measure(() => {
    const weights = allocateLike(gpu, parameterTable(config), "weight");
    work = new Trainer(new Gpt2(gpu, config, fullVocabulary(), weights), options).work;
  });
  return work;
}

/** Seconds of the sections of a step, each by itself, or of the whole. */
async function measureSections(
  gpu: Gpu,
  { config, options }: TrainedModel,
  sections: readonly string[] | undefined,
  now: () => number,
): Promise<Sections> {
  const random = new Random(1);
  const weights = gpu.allocateAll(() => randomWeights(gpu, config, random));
  using model = new Gpt2(gpu, config, fullVocabulary(), weights);
  using trainer = new Trainer(model, options);
  const batch = randomBatch(config, (options.accumulate ?? 1) * options.batch, random);
  await trainer.compile();
  await trainer.step(batch);
  const time = () => secondsOf(() => trainer.step(batch), now);
  if (!sections) return new Map([[WHOLE, await time()]]);
  const seconds: Sections = new Map();
  const { observer } = gpu;
  try {
    for (const section of sections) {
      gpu.observer = only(section);
      seconds.set(section, await time());
    }
  } finally {
    gpu.observer = observer;
  }
  return seconds;
}

/** Seconds of what is submitted again and again, the next one while the last one is under way. */
async function secondsOf(submit: () => Promise<unknown>, now: () => number): Promise<number> {
  for (let count = 1;; count *= 2) {
    const start = now();
    let last: Promise<unknown> = Promise.resolve();
    for (let i = 0; i < count; i++) {
      const next = submit();
      await last;
      last = next;
    }
    await last;
    const seconds = (now() - start) / 1000;
    if (seconds >= SHORTEST) return seconds / count;
  }
}

function randomWeights(gpu: Gpu, config: Gpt2Config, random: Random): TensorMap {
  const pattern = Float32Array.from({ length: PATTERN }, () => 0.02 * random.normal());
  const weights = allocateLike(gpu, parameterTable(config), "weight");
  for (const tensor of weights.values()) {
    for (let at = 0; at < tensor.size; at += PATTERN) {
      gpu.write(tensor, pattern.subarray(0, tensor.size - at), at);
    }
  }
  return weights;
}

function randomBatch({ context, vocabularySize }: Gpt2Config, sequences: number, random: Random) {
  const tokens = () =>
    Uint32Array.from({ length: sequences * context }, () => random.below(vocabularySize));
  return { inputs: tokens(), targets: tokens() } satisfies Batch;
}
