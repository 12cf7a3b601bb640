import { assert, assertEquals } from "@std/assert";
import type { Gpu } from "../../src/gpu/gpu.ts";
import type { Gpt2Config } from "../../src/model/config.ts";
import { type ParameterSpec, parameterTable, sizeOf } from "../../src/model/parameters.ts";
import type { Optimizer, OptimizerTarget } from "../../src/optim/optimizer.ts";
import { Trainer } from "../../src/train/trainer.ts";
import { modelOf, ODD, randomBatch, randomWeights, readTensors } from "../model/helpers.ts";
import { uploadTensors } from "../model/helpers.ts";
import { assertClose } from "../ops/helpers.ts";
import { lossAndGradients, type Tensors } from "../reference/gpt2.ts";

/** Configurations, and the cap on bindings, that every optimiser is tried with. */
export const CONFIGS: Record<string, Gpt2Config> = {
  "an odd-sized model": ODD,
  "no trained biases": { ...ODD, bias: false },
  "no trained gains": { ...ODD, affine: false },
  "whole vec4s": { ...ODD, heads: 4, width: 16, vocabularySize: 30 },
};

/** Makes an optimiser of the GPU's. */
export type Make = (target: OptimizerTarget) => Optimizer;

/** What an optimiser of the reference has in common with the others. */
export interface ReferenceOptimizer {
  step(
    parameters: Tensors,
    gradients: Tensors,
    loss: number,
  ): void | { eta: number; gradientSummary: number };
  average?: Tensors;
}

/**
 * Trains for 5 steps and compares losses (to 1e-4), the automatic step size and its summary (to
 * 3e-4), the weights and their average with the reference's.
 *
 * @param isSettled Whether a parameter can be compared: its gradient is not mere rounding error.
 */
export async function checkFiveSteps(
  gpu: Gpu,
  config: Gpt2Config,
  make: Make,
  makeReference: (table: ParameterSpec[], initial: Tensors) => ReferenceOptimizer,
  isSettled: (name: string) => boolean = () => true,
): Promise<void> {
  const before = gpu.allocatedBytes;
  const B = 2;
  const parameters = randomWeights(config, 1, config.width > 50 ? 0.1 : 0.3);
  const reference = makeReference(parameterTable(config), parameters);
  {
    using model = modelOf(gpu, config, parameters);
    using trainer = new Trainer(model, { batch: B, optimizer: make });
    const losses: number[] = [];
    for (let step = 1; step <= 5; step++) {
      const batch = randomBatch(config, B, step % 2); // two batches by turns: momentum matters
      const { loss, gradients } = lossAndGradients(
        ...[config, parameters, batch.inputs, batch.targets, B] as const,
      );
      const summary = reference.step(parameters, gradients, loss);
      const result = await trainer.step(batch);
      assertClose([result.loss], [loss], 1e-4, `loss of step ${step}`);
      losses.push(loss);
      if (summary) {
        const { eta, gradientSummary } = summary;
        assertClose([result.eta!], [eta], 3e-4, `eta of step ${step}`);
        assertClose([result.gradientSummary!], [gradientSummary], 3e-4, `G of step ${step}`);
      } else {
        assertEquals(result, { loss: result.loss, skipped: false });
      }
    }
    assert(losses[4] < losses[0], "the reference learns something");
    const weights = await readTensors(gpu, model.weights);
    const evaluated = await readTensors(gpu, trainer.optimizer.evaluationWeights);
    const average = reference.average ?? parameters;
    assertEquals([...evaluated.keys()], [...weights.keys()]);
    for (const [name, values] of parameters) {
      if (!isSettled(name)) continue;
      assertClose(weights.get(name)!, values, 1e-3, name);
      assertClose(evaluated.get(name)!, average.get(name)!, 1e-3, `average of ${name}`);
    }
  }
  assertEquals(gpu.allocatedBytes, before, "everything is freed");
}

/** An optimiser on gradients of the test's own choosing. */
export class Bench implements Disposable {
  readonly target: OptimizerTarget;
  readonly optimizer: Optimizer;
  readonly #before: number;

  constructor(
    readonly gpu: Gpu,
    config: Gpt2Config,
    weights: Tensors,
    make: Make,
  ) {
    this.#before = gpu.allocatedBytes;
    const table = parameterTable(config);
    const zeros: Tensors = new Map(
      table.filter((spec) => spec.trainable)
        .map(({ name, shape }) => [name, new Float64Array(sizeOf(shape))]),
    );
    this.target = {
      ...{ gpu, table, weights: uploadTensors(gpu, config, weights) },
      gradients: uploadTensors(gpu, config, zeros),
    };
    this.optimizer = make(this.target);
  }

  /** A step with these gradients; the others are zero. Returns the weights after it. */
  step(gradients: Tensors = new Map()): Promise<Map<string, Float32Array>> {
    for (const [name, tensor] of this.target.gradients) {
      const values = gradients.get(name) ?? new Float64Array(tensor.size);
      this.gpu.write(tensor, Float32Array.from(values));
    }
    this.optimizer.step();
    return readTensors(this.gpu, this.target.weights);
  }

  /** Frees everything, and fails if the optimiser left anything behind. */
  [Symbol.dispose](): void {
    this.optimizer[Symbol.dispose]();
    this.gpu.free(...this.target.weights.values(), ...this.target.gradients.values());
    assertEquals(this.gpu.allocatedBytes, this.#before, "everything is freed");
  }
}

/** Asserts that all values are finite. */
export function assertFinite(tensors: Map<string, Float32Array>): void {
  for (const [name, values] of tensors) assert(values.every(Number.isFinite), name);
}

/** Asserts that these weights are bit for bit those before. */
export function assertUnchanged(
  after: Map<string, Float32Array>,
  before: Tensors,
  names: Iterable<string> = before.keys(),
): void {
  for (const name of names) {
    assertEquals(after.get(name)!, Float32Array.from(before.get(name)!), name);
  }
}

/** Asserts that steps without any gradient leave the weights alone, at first and after others. */
export async function checkZeroGradients(gpu: Gpu, make: Make): Promise<void> {
  const weights = randomWeights(ODD, 2);
  using bench = new Bench(gpu, ODD, weights, make);
  for (let step = 0; step < 3; step++) assertUnchanged(await bench.step(), weights);
  const gradients = randomWeights(ODD, 3);
  gradients.get("h.0.attn.c_attn.weight")!.fill(0);
  const after = await bench.step(gradients);
  assertFinite(after);
  assertUnchanged(after, weights, ["h.0.attn.c_attn.weight"]);
  for (let step = 0; step < 3; step++) assertFinite(await bench.step());
  assertFinite(await readTensors(gpu, bench.optimizer.evaluationWeights));
}
