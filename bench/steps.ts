import { parameterCount } from "../src/model/parameters.ts";
import { eachShape } from "./each_shape.ts";
import { modelFlops } from "./formulas.ts";
import type { Result } from "./result.ts";
import { describe, type OpenShape, type Shape, SHAPES, tokensOf } from "./shapes.ts";
import { median, sum } from "./statistics.ts";
import type { Machine } from "./machine.ts";

/** Steps are measured in so many rounds, or fewer if their steps take longer than a round should. */
const ROUNDS = 5;

/** Measures whole training steps with AGD. Shapes that would take too long are skipped. */
export async function* benchSteps(
  machine: Machine,
  shapes: readonly Shape[] = SHAPES,
  roundSeconds = 1.5,
): AsyncGenerator<Result> {
  yield* eachShape(machine, shapes, async (open, shape) => {
    const rounds: Round[] = [];
    let left = ROUNDS * roundSeconds;
    while (rounds.length < ROUNDS && left > 0) {
      const round = await train(machine, open, roundSeconds);
      rounds.push(round);
      left -= round.seconds * round.steps;
    }
    const seconds = median(rounds.map(({ seconds }) => seconds));
    const host = median(rounds.map(({ hostSeconds }) => hostSeconds));
    const idle = rounds.map(({ idle }) => idle).filter((idle) => idle !== undefined);
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
        "host ms": 1000 * host,
        "host % of step": 100 * host / seconds,
        ...idle.length > 0 && { "GPU idle %": 100 * median(idle) },
      }],
    };
  });
}

/** What a round was like. */
interface Round {
  steps: number;
  /** Seconds of a step. */
  seconds: number;
  /** Seconds of the host's that a step takes, see {@linkcode Trainer.hostMs}. */
  hostSeconds: number;
  /**
   * The share of the time in which the GPU does no work, as it waits for the host, or copies.
   * Undefined without timestamps.
   */
  idle?: number;
}

/**
 * Trains for some seconds as training does: the next step is submitted before the loss of the last
 * one is read.
 */
async function train(
  machine: Machine,
  { trainer, batch }: OpenShape,
  roundSeconds: number,
): Promise<Round> {
  using profile = machine.profile();
  machine.gpu.observer = profile;
  const start = performance.now();
  const host: number[] = [];
  let pending: Promise<unknown> | undefined;
  do {
    const result = trainer.step(batch);
    host.push(trainer.hostMs / 1000);
    await pending;
    pending = result;
  } while (performance.now() - start < 1000 * roundSeconds);
  await pending;
  const elapsed = (performance.now() - start) / 1000;
  const busy = profile && sum([...(await profile.seconds()).values()]);
  return {
    steps: host.length,
    seconds: elapsed / host.length,
    hostSeconds: median(host),
    idle: busy === undefined ? undefined : Math.max(1 - busy / elapsed, 0),
  };
}
