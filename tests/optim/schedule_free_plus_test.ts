import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { UsageError } from "../../src/errors.ts";
import type { OptimizerTarget } from "../../src/optim/optimizer.ts";
import { ScheduleFreePlus } from "../../src/optim/schedule_free_plus.ts";
import { Trainer } from "../../src/train/trainer.ts";
import { modelOf, ODD, randomWeights, readTensors } from "../model/helpers.ts";
import { onBothKinds, openTestGpu } from "../ops/helpers.ts";
import {
  ScheduleFreePlus as Reference,
  type ScheduleFreePlusOptions as ReferenceOptions,
} from "../reference/optimizers/schedule_free_plus.ts";
import { assertUnchanged, Bench, checkFiveSteps, checkZeroGradients } from "./helpers.ts";

const gpu = await openTestGpu();

const check = (settings: ReferenceOptions) =>
  checkFiveSteps(
    ...[gpu, ODD] as const,
    (target) => new ScheduleFreePlus(target, settings),
    (table, initial) => new Reference(table, initial, settings),
    // Attention does not depend on it: a gradient of rounding errors
    (name) => !name.endsWith("c_attn.bias"),
  );

Deno.test("schedulefree+: five steps are the reference's", async () => {
  await onBothKinds(gpu, () => check({}));
  const options = { weightDecay: 20, normDecay: 0.5, annealing: 3, warmup: 2 };
  await check({ ...options, interpolation: [0.7, 0.9] });
});

/** A tensor of the losses that steps are told of, and what makes the optimiser with it. */
function lossOf(value: number) {
  const loss = gpu.tensorFrom("loss", [1], Float32Array.of(value));
  const make = (target: OptimizerTarget) => new ScheduleFreePlus({ ...target, loss });
  return { loss, make, [Symbol.dispose]: () => gpu.free(loss) };
}

Deno.test("schedulefree+: zero gradients change nothing and give no NaN", async () => {
  using given = lossOf(3);
  await checkZeroGradients(gpu, given.make);
});

Deno.test("schedulefree+: a step is skipped whose gradient is not finite", async () => {
  using given = lossOf(3);
  using bench = new Bench(gpu, ODD, randomWeights(ODD, 2), given.make);
  const gradients = randomWeights(ODD, 3);
  const after = await bench.step(gradients);
  const { optimizer } = bench;
  const before = await readTensors(gpu, optimizer.state);
  const unfit = new Map([["wte.weight", gradients.get("wte.weight")!.map(() => NaN)]]);
  assertEquals(await bench.step(unfit), after);
  assertEquals((await gpu.read(optimizer.summary!))[0], 1);
  const now = await readTensors(gpu, optimizer.state);
  for (const map of [before, now]) map.get("progress")![0] = 0;
  assertEquals(now, before);
  assertNotEquals(await bench.step(gradients), after);
});

Deno.test("schedulefree+: goes on from its state as if it had not stopped", async () => {
  using given = lossOf(3);
  const weights = randomWeights(ODD, 2);
  const gradients = [3, 4, 5].map((seed) => randomWeights(ODD, seed));
  using whole = new Bench(gpu, ODD, weights, given.make);
  for (const each of gradients.slice(0, 2)) await whole.step(each);
  using second = new Bench(gpu, ODD, randomWeights(ODD, 9), given.make);
  for (const part of ["weights", "evaluationWeights", "state"] as const) {
    const mapsOf = ({ optimizer, target }: Bench) =>
      part === "weights" ? target.weights : optimizer[part];
    for (const [name, values] of await readTensors(gpu, mapsOf(whole))) {
      gpu.write(mapsOf(second).get(name)!, values);
    }
  }
  const expected = new Map(
    [...await whole.step(gradients[2])].map(([name, values]) => [name, Float64Array.from(values)]),
  );
  assertUnchanged(await second.step(gradients[2]), expected);
  const averages = [whole, second].map(({ optimizer }) => optimizer.evaluationWeights);
  assertEquals(await readTensors(gpu, averages[1]), await readTensors(gpu, averages[0]));
});

Deno.test("schedulefree+: says where the loss of a step is missing", () => {
  using model = modelOf(gpu, ODD, randomWeights(ODD, 1));
  const make = (target: OptimizerTarget) => new ScheduleFreePlus(target);
  const error = assertThrows(
    () => new Trainer(model, { batch: 1, accumulate: 2, optimizer: make }),
    UsageError,
  );
  assertEquals(error.message.split(",")[0], "ScheduleFree+ needs the loss of each step");
});
