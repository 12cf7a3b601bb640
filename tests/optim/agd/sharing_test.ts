import { assertAlmostEquals, assertEquals, assertMatch } from "@std/assert";
import { parameterTable, sizeOf } from "../../../src/model/parameters.ts";
import { allocateLike } from "../../../src/model/weights.ts";
import { Agd } from "../../../src/optim/agd/agd.ts";
import type { OptimizerTarget } from "../../../src/optim/optimizer.ts";
import { Random } from "../../../src/random.ts";
import { together } from "../../comm/together.ts";
import { ODD, randomWeights, readTensors, uploadTensors } from "../../model/helpers.ts";
import { openTestGpu } from "../../ops/helpers.ts";

const gpu = await openTestGpu();
const CONFIG = { ...ODD, layers: 2, heads: 4, width: 60 };
const TABLE = parameterTable(CONFIG);

/** Cautious from the third step on. */
const OPTIONS = { momentum: 0.02, growth: 2 };

/** The same weights and gradients in each process. */
function target(communicator?: OptimizerTarget["communicator"]): OptimizerTarget {
  const weights = uploadTensors(gpu, CONFIG, randomWeights(CONFIG, 1));
  const trainable = TABLE.filter((spec) => spec.trainable);
  const gradients = allocateLike(gpu, trainable, "gradient");
  return { gpu, table: TABLE, weights, gradients, communicator };
}

function randomGradients({ gradients }: OptimizerTarget, seed: number): void {
  const random = new Random(seed);
  for (const { name, shape } of TABLE.filter((spec) => spec.trainable)) {
    const values = Float32Array.from({ length: sizeOf(shape) }, () => random.normal());
    gpu.write(gradients.get(name)!, values);
  }
}

const polarWork = (agd: Agd) => agd.plans[0].work.get("polar factors")!;

Deno.test("agd: processes that share polar factors out move by the same bits as one", async () => {
  const alone = target();
  using one = new Agd(alone, OPTIONS);
  const processes = together(3).map((communicator) => {
    const all = target(communicator);
    return { all, agd: new Agd(all, OPTIONS) };
  });
  const shares = processes.map(({ agd }) => polarWork(agd) / polarWork(one));
  for (const share of shares) assertAlmostEquals(share, 1 / 3, 0.1);

  // Computed and exchanged by turns, and then as it is faster.
  for (let step = 1; step <= 6; step++) {
    randomGradients(alone, step);
    one.step();
    await Promise.all(processes.map(async ({ all, agd }) => {
      randomGradients(all, step);
      await agd.step();
    }));
    const [weights, summary] = [await readTensors(gpu, alone.weights), await gpu.read(one.summary)];
    for (const { all, agd } of processes) {
      assertEquals(await readTensors(gpu, all.weights), weights, `after step ${step}`);
      assertEquals(await gpu.read(agd.summary), summary);
      assertEquals(agd.sharing === undefined, step < 4);
    }
  }
  assertMatch(
    processes[0].agd.sharing!,
    /^Each process (takes all|shares its) polar factors.*: to get those of the others takes \d/,
  );
  for (const { agd } of processes) agd[Symbol.dispose]();
});
