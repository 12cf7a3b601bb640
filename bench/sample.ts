import { parameterTable } from "../src/model/parameters.ts";
import { Gpt2 } from "../src/model/gpt2.ts";
import { allocateLike } from "../src/model/weights.ts";
import { UserError } from "../src/errors.ts";
import { Decoder } from "../src/sample/decoder.ts";
import type { GenerateOptions } from "../src/sample/options.ts";
import { generateSamples } from "../src/sample/samples.ts";
import type { Machine } from "./machine.ts";
import type { Result } from "./result.ts";
import { fillRandom } from "./scratch.ts";
import { type Shape, SHAPES, vocabularyOf } from "./shapes.ts";
import { median } from "./statistics.ts";

/** How often each is measured. */
const ROUNDS = 3;

/** The models that text is generated with; a shape's batch does not matter here. */
const SAMPLED = SHAPES.filter(({ name, batch }) =>
  name === "tiny" || name === "gpt2" && batch === 1
);

/** What would take longer to read than this, token by token, is skipped. */
const MOST_SECONDS = 25;

/** What is generated, and after how many tokens. */
interface Case {
  title: string;
  samples: number;
  /** Whether the context is full from the beginning. */
  isPast?: boolean;
  window?: GenerateOptions["window"];
}

const CASES: readonly Case[] = [
  { title: "1 sample", samples: 1 },
  { title: "8 samples", samples: 8 },
  { title: "32 samples", samples: 32 },
  { title: "1 sample past the context, restart", samples: 1, isPast: true, window: "restart" },
  { title: "1 sample past the context, slide", samples: 1, isPast: true, window: "slide" },
];

/** Measures how fast text is generated, read back and decoded, after the prompt is read. */
export async function* benchSample(
  machine: Machine,
  shapes: readonly Shape[] = SAMPLED,
  seconds = 2,
): AsyncGenerator<Result> {
  for (const shape of shapes) {
    try {
      using model = await openModel(machine, shape);
      let contextSeconds = 0;
      for (const one of CASES) {
        const result = await measure(model, shape, one, seconds, contextSeconds);
        contextSeconds ||= shape.config.context / Number(result["tokens/s"]);
        yield result;
      }
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      yield { name: shape.name, skipped: error.message };
    }
  }
}

/** A model with random weights. */
async function openModel(machine: Machine, { config }: Shape): Promise<Gpt2> {
  const { gpu } = machine;
  const vocabulary = vocabularyOf(config.vocabularySize);
  const build = () => {
    const weights = allocateLike(gpu, parameterTable(config), "weight");
    return new Gpt2(gpu, config, vocabulary, weights);
  };
  await machine.prepare(() => new Decoder(build()));
  const model = build();
  for (const tensor of model.weights.values()) fillRandom(gpu, tensor, 0.02);
  return model;
}

/** @param expected Seconds that reading a context takes at most. */
async function measure(
  model: Gpt2,
  { name, config: { context } }: Shape,
  { title, samples, isPast, window }: Case,
  seconds: number,
  expected: number,
): Promise<Result> {
  const prompt = isPast ? " the".repeat(context) : "";
  const time = async (maxTokens: number) => {
    const start = performance.now();
    const pieces = generateSamples(model, samples, { prompt, window, maxTokens });
    for await (const _ of pieces);
    return (performance.now() - start) / 1000;
  };
  if (isPast && expected > MOST_SECONDS) {
    const skipped = `to read a context would take up to ${Math.round(expected)} s here`;
    return { name: `${name}, ${title}`, skipped };
  }
  await time(2); // compiles
  const [one, two] = [await time(1), await time(2)];
  const fitting = Math.floor(seconds / Math.max(two - one, 1e-3));
  const tokens = Math.min(Math.max(fitting, 2), Math.ceil(context / 2));
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    times.push((await time(1 + tokens) - await time(1)) / tokens);
  }
  const each = Math.max(median(times), 1e-6);
  return {
    name: `${name}, ${title}`,
    "tokens/s": samples / each,
    "ms a token of each": 1000 * each,
  };
}
