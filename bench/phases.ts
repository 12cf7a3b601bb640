import { fromFileUrl } from "@std/path";
import { openTokenStream } from "../src/data/token_stream.ts";
import { fullVocabulary } from "../src/tokens/vocabulary.ts";
import { only, type Profile } from "../src/gpu/profile.ts";
import { eachShape } from "./each_shape.ts";
import type { Result } from "./result.ts";
import { describe, type OpenShape, type Shape, SHAPES, tokensOf } from "./shapes.ts";
import { median, sum } from "./statistics.ts";
import type { Machine } from "./machine.ts";
import type { Stopwatch } from "./stopwatch.ts";

/**
 * The parts of a step and their sections of the plans. The loss's is the output matrix and cross-entropy,
 * forward and backward.
 */
const SECTIONS = [
  ["forward", ["forward"]],
  ["loss", ["loss"]],
  ["backward", ["backward"]],
  ["optimiser", ["", "polar factors"]],
] as const;

/** Steps are measured in so many rounds, or fewer if their steps take longer than a round should. */
const ROUNDS = 5;
/** A round has at most so many steps, which are submitted before the first is waited for. */
const ROUND_STEPS = 10;

/** Tokens that are read before the time is taken, and meanwhile. */
const FIRST_TOKENS = 2 ** 20;
const MEASURED_TOKENS = 2 ** 21;

const SAMPLES = fromFileUrl(new URL("../data", import.meta.url));

/**
 * Measures the parts of a training step with AGD: on the GPU by timestamps, or where there are none
 * each part by itself; and reading a batch, which happens meanwhile in a worker.
 */
export async function* benchPhases(
  machine: Machine,
  shapes: readonly Shape[] = SHAPES,
  roundSeconds = 1,
): AsyncGenerator<Result> {
  const { stopwatch } = machine;
  const tokensPerSecond = await readSamples();
  yield* eachShape(machine, shapes, async (open, shape, first) => {
    using profile = machine.profile();
    // Of long steps compiling is a small part.
    const once = first > ROUNDS * roundSeconds
      ? first
      : await stopwatch.time(() => open.submitStep());
    const count = Math.min(Math.ceil(roundSeconds / once), ROUND_STEPS);
    const steps: Step[] = [];
    let left = ROUNDS * roundSeconds;
    while (steps.length < ROUNDS && left > 0) {
      steps.push(
        profile
          ? await byTimestamps(profile, stopwatch, open, count)
          : await byParts(stopwatch, open, count),
      );
      left -= count * steps.at(-1)!.whole;
    }
    const seconds = (part: keyof Step) => median(steps.map((step) => step[part]));
    const parts = sum(SECTIONS.map(([name]) => seconds(name)));
    const row = (name: string, part: number) => ({
      name: `${describe(shape)}: ${name}`,
      ms: 1000 * part,
      "% of step": 100 * part / seconds("whole"),
    });
    return {
      seconds: seconds("whole"),
      results: [
        row("data, meanwhile", tokensOf(shape) / tokensPerSecond),
        ...SECTIONS.map(([name]) => row(name, seconds(name))),
        row("between them", Math.max(seconds("whole") - parts, 0)),
        row("whole step", seconds("whole")),
      ],
    };
  });
}

/** Seconds of a step and its parts, on average over a round. */
type Step = Record<(typeof SECTIONS)[number][0] | "whole", number>;

/** Measures the parts by timestamps, while the step runs as a whole. */
async function byTimestamps(
  profile: Profile,
  stopwatch: Stopwatch,
  open: OpenShape,
  count: number,
): Promise<Step> {
  stopwatch.gpu.observer = profile;
  const whole = await stopwatch.time(() => open.submitStep(), count);
  const seconds = await profile.seconds();
  const parts = SECTIONS.map(([name, sections]) => [
    name,
    sum(sections.map((section) => seconds.get(section) ?? 0)) / count,
  ]);
  return { whole, ...Object.fromEntries(parts) };
}

/** Measures each part by itself, where there are no timestamps. */
export async function byParts(stopwatch: Stopwatch, open: OpenShape, count: number): Promise<Step> {
  const { gpu } = stopwatch;
  const time = () => stopwatch.time(() => open.submitStep(), count);
  const step: Partial<Step> = { whole: await time() };
  try {
    for (const [name, sections] of SECTIONS) {
      gpu.observer = only(...sections);
      step[name] = await time();
    }
  } finally {
    gpu.observer = undefined;
  }
  return step as Step;
}

/** The tokens of the sample corpus that are read, tokenized and shuffled in a second. */
async function readSamples(): Promise<number> {
  const options = { data: [SAMPLES], vocabulary: fullVocabulary(), context: 1024, batch: 8 };
  await using batches = await openTokenStream({ ...options, split: "training", seed: 0 });
  const read = async (tokens: number) => {
    for (let left = tokens; left > 0;) left -= (await batches.next())!.inputs.length;
  };
  await read(FIRST_TOKENS);
  const start = performance.now();
  await read(MEASURED_TOKENS);
  return MEASURED_TOKENS / (performance.now() - start) * 1000;
}
