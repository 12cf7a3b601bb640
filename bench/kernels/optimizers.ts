import { UserError } from "../../src/errors.ts";
import { parameterCount, parameterTable } from "../../src/model/parameters.ts";
import { allocateLike } from "../../src/model/weights.ts";
import { AdamW } from "../../src/optim/adamw.ts";
import { Agd } from "../../src/optim/agd/agd.ts";
import type { Optimizer, OptimizerTarget } from "../../src/optim/optimizer.ts";
import type { Gpt2Config } from "../../src/model/config.ts";
import type { Machine } from "../machine.ts";
import type { Peak } from "../peak.ts";
import type { Result } from "../result.ts";
import { fillRandom } from "../scratch.ts";
import { kernelResult } from "./case.ts";

type Make = (target: OptimizerTarget) => Optimizer;

/** The optimisers, and how many times they read or write a number for each parameter at least. */
const OPTIMIZERS: { name: string; accesses: number; make: Make }[] = [
  // Weight, gradient, momentum and average are read; all but the gradient are written.
  { name: "AGD's step", accesses: 7, make: (target) => new Agd(target) },
  // Weight and gradient are read, and the weight is written.
  {
    name: "AGD's step (Frobenius)",
    accesses: 3,
    make: (target) => new Agd(target, { norm: "frobenius" }),
  },
  // Weight, gradient and two averages are read; all but the gradient are written.
  {
    name: "AdamW's step",
    accesses: 7,
    make: (target) => new AdamW(target, { learningRate: 1e-4 }),
  },
];

/** Measures the optimisers' steps on the parameters of models. */
export async function* benchOptimizers(
  machine: Machine,
  models: readonly Gpt2Config[],
  peak: Peak,
): AsyncGenerator<Result> {
  for (const config of models) {
    const { layers, width } = config;
    const parameters = parameterCount(config);
    for (const { name, accesses, make } of OPTIMIZERS) {
      const kernel = {
        name: `${name}, ${layers} layers of width ${width}, ${parameters} parameters`,
        bytes: 4 * accesses * parameters,
      };
      try {
        yield kernelResult(kernel, await secondsOf(machine, config, make), peak);
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        yield { name: kernel.name, skipped: error.message };
      }
    }
  }
}

/** Seconds of a step. */
async function secondsOf(machine: Machine, config: Gpt2Config, make: Make): Promise<number> {
  const { gpu, stopwatch } = machine;
  const table = parameterTable(config);
  const allocate = () => {
    const [weights, gradients] = ["weight", "gradient"].map((label) =>
      allocateLike(gpu, table, label)
    );
    return { gpu, table, weights, gradients };
  };
  await machine.prepare(() => make(allocate()));
  const target = allocate();
  const tensors = [...target.weights.values(), ...target.gradients.values()];
  for (const tensor of tensors) fillRandom(gpu, tensor, 0.02);
  const optimizer = make(target);
  const [seconds] = await stopwatch.measure(() => optimizer.step());
  optimizer[Symbol.dispose]();
  gpu.free(...tensors);
  return seconds;
}
