import { parameterCount } from "../src/model/parameters.ts";
import { eachShape } from "./each_shape.ts";
import type { Gpu } from "../src/gpu/gpu.ts";
import { hasTimestamps, Profile } from "../src/gpu/profile.ts";
import { modelFlops } from "./formulas.ts";
import type { Result } from "./result.ts";
import { describe, type OpenShape, type Shape, SHAPES, tokensOf } from "./shapes.ts";
import { median, sum } from "./statistics.ts";
import type { Machine } from "./machine.ts";

/** Steps are measured in so many rounds of so many seconds, of at least one step each. */
const ROUNDS = 5;
const SECONDS = 1.5;
/** The share of an idle GPU is measured over so many steps at most. */
const PROFILED_STEPS = 10;

/** Measures whole training steps with AGD. Shapes that would take too long are skipped. */
export async function* benchSteps(
  machine: Machine,
  shapes: readonly Shape[] = SHAPES,
): AsyncGenerator<Result> {
  yield* eachShape(machine, shapes, async (open, shape) => {
    const rounds: Round[] = [];
    let left = ROUNDS * SECONDS;
    while (rounds.length < ROUNDS && left > 0) {
      const round = await train(open, SECONDS);
      rounds.push(round);
      left -= round.seconds * round.steps;
    }
    const seconds = median(rounds.map(({ seconds }) => seconds));
    const idle = await idleShare(machine.gpu, open);
    const tokens = tokensOf(shape);
    const parameters = parameterCount(shape.config);
    return {
      seconds,
      results: [{
        name: describe(shape),
        "tokens/s": tokens / seconds,
        "ms a step": 1000 * seconds,
        "million parameters": parameters / 1e6,
        "model GFLOP/s": modelFlops(parameters, tokens) / seconds / 1e9,
        "MB of GPU memory": machine.gpu.allocatedBytes / 1e6,
        "host ms": open.trainer.hostMs,
        "host % of step": open.trainer.hostMs / seconds / 10,
        ...idle !== undefined && { "GPU idle %": 100 * idle },
      }],
    };
  });
}

/** What a step took in a round. */
interface Round {
  steps: number;
  seconds: number;
}

/**
 * Trains for some seconds, or a number of steps at most, as training does: the next step is
 * submitted before the loss of the last one is read.
 */
async function train(
  { trainer, batch }: OpenShape,
  seconds: number,
  most = Infinity,
): Promise<Round> {
  const start = performance.now();
  let steps = 0;
  let pending: Promise<unknown> | undefined;
  do {
    const result = trainer.step(batch);
    steps++;
    await pending;
    pending = result;
  } while (steps < most && performance.now() - start < 1000 * seconds);
  await pending;
  return { steps, seconds: (performance.now() - start) / 1000 / steps };
}

/**
 * The share of the time of training in which the GPU does nothing, as it waits for the host or
 * copies; undefined without timestamps. How long submitting takes says nothing of it: drivers may
 * let it wait for the work before.
 */
async function idleShare(gpu: Gpu, open: OpenShape): Promise<number | undefined> {
  if (!hasTimestamps(gpu)) return undefined;
  using profile = new Profile(gpu);
  gpu.observer = profile;
  const { steps, seconds } = await train(open, SECONDS, PROFILED_STEPS);
  const busy = sum([...(await profile.seconds()).values()]);
  return Math.max(1 - busy / (steps * seconds), 0);
}
