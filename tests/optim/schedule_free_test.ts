import { assertEquals } from "@std/assert";
import { Muon } from "../../src/optim/muon.ts";
import type { OptimizerTarget } from "../../src/optim/optimizer.ts";
import { ScheduleFree } from "../../src/optim/schedule_free.ts";
import { Sgd } from "../../src/optim/sgd.ts";
import { ODD, randomWeights } from "../model/helpers.ts";
import { assertClose, onBothKinds, openTestGpu } from "../ops/helpers.ts";
import { readTensors } from "../model/helpers.ts";
import { Muon as ReferenceMuon } from "../reference/optimizers/muon.ts";
import { Sgd as ReferenceSgd } from "../reference/optimizers/sgd.ts";
import { ScheduleFree as ReferenceScheduleFree } from "../reference/optimizers/schedule_free.ts";
import { assertUnchanged, Bench, checkFiveSteps, checkZeroGradients } from "./helpers.ts";

const gpu = await openTestGpu();

Deno.test("schedule-free muon: five steps are the reference's", async () => {
  await onBothKinds(gpu, () =>
    checkFiveSteps(
      ...[gpu, ODD] as const,
      (target) => new ScheduleFree(target, (target) => new Muon(target, { learningRate: 0.02 })),
      (table, initial) =>
        new ReferenceScheduleFree(initial, new ReferenceMuon(table, { lr: 0.02 })),
      // Attention does not depend on it: a gradient of rounding errors
      (name) => !name.endsWith("c_attn.bias"),
    ));
});

const sgd = (target: OptimizerTarget) => new Sgd(target, { learningRate: 0.1, momentum: 0 });

Deno.test("amuse: gradients are taken ever nearer to the average", async () => {
  const averaging = { interpolation: 0.6, approach: 0.8, warmup: 2 };
  await checkFiveSteps(
    ...[gpu, ODD] as const,
    (target) => new ScheduleFree(target, sgd, averaging),
    (table, initial) => {
      const inner = new ReferenceSgd(table, { lr: 0.1, momentum: 0 });
      return new ReferenceScheduleFree(initial, inner, 0.6, 0.8, 2);
    },
  );
});

Deno.test("schedule-free: zero gradients change nothing and give no NaN", async () => {
  await checkZeroGradients(gpu, (target) => new ScheduleFree(target, sgd));
});

Deno.test("schedule-free: iterates weigh by the square of their learning rate, skipped ones not", async () => {
  const weights = randomWeights(ODD, 2);
  const make = (target: OptimizerTarget) => new ScheduleFree(target, sgd, { interpolation: 0.5 });
  using bench = new Bench(gpu, ODD, weights, make);
  const gradients = randomWeights(ODD, 3);
  await bench.step(gradients); // z moves by -0.1 g, and x with it
  bench.optimizer.learningRate = 0.2;
  const after = await bench.step(gradients); // z is at -0.3 g, x at -0.1 g - 0.04 / 0.05 * 0.2 g
  const average = await readTensors(gpu, bench.optimizer.evaluationWeights);
  for (const [name, values] of weights) {
    const at = (part: number) => values.map((value, i) => value - part * gradients.get(name)![i]);
    assertClose(average.get(name)!, at(0.26), 1e-5, name);
    assertClose(after.get(name)!, at(0.28), 1e-5, name);
  }
  const unfit = new Map([["wte.weight", gradients.get("wte.weight")!.map(() => NaN)]]);
  const same = await bench.step(unfit);
  assertUnchanged(
    same,
    new Map([...after].map(([name, values]) => [name, Float64Array.from(values)])),
  );
  assertEquals((await gpu.read(bench.optimizer.summary!))[0], 1);
});
