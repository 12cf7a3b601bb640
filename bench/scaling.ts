import { UserError } from "../src/errors.ts";
import { only } from "../src/gpu/profile.ts";
import { Sgd } from "../src/optim/sgd.ts";
import { trainingFlops } from "./formulas.ts";
import type { Result } from "./result.ts";
import { OpenShape, shapeOf, tokensOf } from "./shapes.ts";
import type { Machine } from "./machine.ts";
import type { Stopwatch } from "./stopwatch.ts";

/** What is varied, one at a time. */
export const DIMENSIONS = ["width", "layers", "context", "batch"] as const;
/** One of {@linkcode DIMENSIONS}. */
export type Dimension = (typeof DIMENSIONS)[number];

/** A shape and other values of its dimensions, ascending. */
export interface ScalingSizes {
  base: Record<Dimension | "vocabularySize" | "headSize", number>;
  values: Record<Dimension, readonly number[]>;
}

const SOFTWARE: ScalingSizes = {
  base: { width: 128, layers: 4, context: 128, batch: 2, headSize: 32, vocabularySize: 1024 },
  values: {
    width: [64, 128, 256, 512],
    layers: [2, 4, 8, 16],
    context: [64, 128, 256, 512, 1024],
    batch: [1, 2, 4, 8, 16],
  },
};

const DISCRETE: ScalingSizes = {
  base: { width: 768, layers: 12, context: 1024, batch: 8, headSize: 64, vocabularySize: 50_257 },
  values: {
    width: [384, 768, 1024, 1536],
    layers: [3, 6, 12, 24],
    context: [256, 512, 1024, 2048],
    batch: [2, 4, 8, 16],
  },
};

/**
 * Measures the time per token of forward and backward pass against width, depth, context and batch,
 * and how many times what its FLOPs predict from the smallest of each.
 */
export async function* benchScaling(
  machine: Machine,
  sizes: ScalingSizes = machine.gpu.isSoftware ? SOFTWARE : DISCRETE,
): AsyncGenerator<Result> {
  for (const dimension of DIMENSIONS) yield* scale(machine, sizes, dimension);
}

async function* scale(
  machine: Machine,
  sizes: ScalingSizes,
  dimension: Dimension,
): AsyncGenerator<Result> {
  using opened = new DisposableStack();
  const points: { name: string; open: OpenShape; flops: number; tokens: number }[] = [];
  const skipped: Result[] = [];
  for (const value of sizes.values[dimension]) {
    const name = `${dimension} ${value}`;
    const { batch, headSize, ...config } = { ...sizes.base, [dimension]: value };
    const heads = config.width / headSize;
    const shape = shapeOf(name, batch, { ...config, heads });
    try {
      const open = await OpenShape.open(machine, shape, (t) => new Sgd(t, { learningRate: 0 }));
      opened.use(open);
      const flops = trainingFlops(shape.config);
      points.push({ name, open, flops, tokens: tokensOf(shape) });
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      skipped.push({ name, skipped: error.message });
    }
  }
  const patient = machine.stopwatch.with({ rounds: 3, seconds: 0.3, budget: 10 });
  const seconds = await measureGradients(patient, points.map(({ open }) => open));
  const perToken = points.map(({ tokens }, i) => seconds[i] / tokens);
  for (const [i, { name, flops }] of points.entries()) {
    yield {
      name,
      "µs a token": 1e6 * perToken[i],
      "MFLOP a token": flops / 1e6,
      "GFLOP/s": flops / perToken[i] / 1e9,
      "times predicted": (perToken[i] / flops) / (perToken[0] / points[0].flops),
    };
  }
  yield* skipped;
}

/** Seconds of forward and backward pass of each. */
async function measureGradients(stopwatch: Stopwatch, opened: OpenShape[]): Promise<number[]> {
  const { gpu } = stopwatch;
  gpu.observer = only("forward", "loss", "backward");
  try {
    return await stopwatch.measure(...opened.map((open) => () => open.submitStep()));
  } finally {
    gpu.observer = undefined;
  }
}
