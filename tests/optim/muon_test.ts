import { assertEquals } from "@std/assert";
import { Muon } from "../../src/optim/muon.ts";
import { ODD, randomWeights } from "../model/helpers.ts";
import { assertClose, onBothKinds, openTestGpu } from "../ops/helpers.ts";
import { Muon as ReferenceMuon } from "../reference/optimizers/muon.ts";
import { Bench, checkFiveSteps, checkZeroGradients, CONFIGS } from "./helpers.ts";

const gpu = await openTestGpu();
// Attention does not depend on the key's bias, and Adam makes much of a gradient of rounding errors.
const isSettled = (name: string) => !name.endsWith("c_attn.bias");

Deno.test("muon: five steps are the reference's: an odd-sized model", async () => {
  await onBothKinds(gpu, () =>
    checkFiveSteps(
      ...[gpu, ODD] as const,
      (target) => new Muon(target, { learningRate: 0.01 }),
      (table) => new ReferenceMuon(table, { lr: 0.01 }),
      isSettled,
    ));
});

Deno.test("muon: five steps are the reference's: whole vec4s, other settings", async () => {
  const settings = { momentum: 0.8, weightDecay: 0.3 };
  await checkFiveSteps(
    ...[gpu, CONFIGS["whole vec4s"]] as const,
    (target) => new Muon(target, { learningRate: 0.02, ...settings }),
    (table) => new ReferenceMuon(table, { lr: 0.02, ...settings }),
    isSettled,
  );
});

Deno.test("muon: without decay zero gradients change nothing and give no NaN", async () => {
  await checkZeroGradients(
    gpu,
    (target) => new Muon(target, { learningRate: 0.1, weightDecay: 0 }),
  );
});

Deno.test("muon: the learning rate may change between steps, and decays weights alone", async () => {
  const weights = randomWeights(ODD, 2);
  using bench = new Bench(gpu, ODD, weights, (target) => new Muon(target, { learningRate: 1 }));
  (bench.optimizer as Muon).learningRate = 0.5;
  const after = await bench.step();
  for (const { name, shape } of bench.target.table) {
    const kept = shape.length === 2 ? 0.95 : 1;
    assertClose(after.get(name)!, weights.get(name)!.map((value) => kept * value), 1e-6, name);
  }
  assertEquals(bench.optimizer.evaluationWeights, bench.target.weights);
});
