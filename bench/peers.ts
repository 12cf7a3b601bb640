import { UserError } from "../src/errors.ts";
import type { Machine } from "./machine.ts";
import type { AlternateOptions } from "./peers/alternate.ts";
import { jaxProduct, openJax } from "./peers/jax.ts";
import { type Load, loadFromNpm } from "./peers/load.ts";
import { benchProduct } from "./peers/product.ts";
import { benchStep, jaxLearner } from "./peers/step.ts";
import { openTensorFlow } from "./peers/tensorflow.ts";
import type { Result } from "./result.ts";
import { type Shape, shapeOf } from "./shapes.ts";

/** What is measured side by side. */
export interface PeerSizes {
  /** Edges of square matrices. */
  squares: readonly number[];
  steps: readonly Shape[];
}

const SMALL = { layers: 2, heads: 4, width: 64, context: 64, vocabularySize: 512 };
const LARGER = { layers: 6, heads: 6, width: 384, context: 256, vocabularySize: 4096 };

const SOFTWARE: PeerSizes = { squares: [256, 512], steps: [shapeOf("gpt", 2, SMALL)] };
const DISCRETE: PeerSizes = { squares: [1024, 4096], steps: [shapeOf("gpt", 8, LARGER)] };

/**
 * Measures by turns with what else npm has: products and a step of training with jax-js, products
 * with TensorFlow.js. Each opens a device of its own, of the same adapter. A peer that cannot be
 * loaded, or gives other results, is skipped.
 */
export async function* benchPeers(
  machine: Machine,
  sizes: PeerSizes = machine.gpu.isSoftware ? SOFTWARE : DISCRETE,
  load: Load = loadFromNpm,
  options: AlternateOptions = {},
): AsyncGenerator<Result> {
  yield* orSkipped("jax-js", async function* () {
    const jax = await openJax(load);
    for (const size of sizes.squares) {
      yield await benchProduct(machine, ["jax-js", jaxProduct(jax)], size, options);
    }
    for (const shape of sizes.steps) {
      yield await benchStep(machine, ["jax-js", jaxLearner(jax)], shape, options);
    }
  });
  yield* orSkipped("TensorFlow.js", async function* () {
    const product = await openTensorFlow(load);
    for (const size of sizes.squares) {
      yield await benchProduct(machine, ["TensorFlow.js", product], size, options);
    }
  });
}

/** What a peer gives; or why it, or the rest of it, was skipped. */
async function* orSkipped(
  name: string,
  results: () => AsyncGenerator<Result>,
): AsyncGenerator<Result> {
  try {
    yield* results();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    yield { name, skipped: error.message };
  }
}
