import { UserError } from "../src/errors.ts";
import { parameterCount } from "../src/model/parameters.ts";
import { modelFlops } from "./formulas.ts";
import type { Result } from "./result.ts";
import { describe, OpenShape, type Shape, tokensOf } from "./shapes.ts";
import type { Machine } from "./machine.ts";

/** A shape whose step is expected to take longer than this is skipped. */
const MOST_SECONDS = 25;

/** What was measured on a shape. */
export interface ShapeResults {
  /** Seconds of a step, by which those of larger shapes are estimated. */
  seconds: number;
  results: Result[];
}

/**
 * Measures on each shape in turn, after a first step that compiles what it needs. Those that do
 * not fit or would take too long are skipped, and told why.
 */
export async function* eachShape(
  machine: Machine,
  shapes: readonly Shape[],
  measure: (open: OpenShape, shape: Shape, firstSeconds: number) => Promise<ShapeResults>,
): AsyncGenerator<Result> {
  let flopsPerSecond = Infinity;
  for (const shape of shapes) {
    const name = describe(shape);
    const flops = modelFlops(parameterCount(shape.config), tokensOf(shape));
    const expected = flops / flopsPerSecond;
    if (expected > MOST_SECONDS) {
      yield { name, skipped: `a step would take some ${Math.round(expected)} s here` };
      continue;
    }
    try {
      using open = await OpenShape.open(machine, shape);
      const first = await machine.stopwatch.time(() => open.submitStep());
      const { seconds, results } = await measure(open, shape, first);
      flopsPerSecond = flops / seconds;
      yield* results;
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      yield { name, skipped: error.message };
    }
  }
}
