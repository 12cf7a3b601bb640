import { assertEquals, assertRejects } from "@std/assert";
import { UserError } from "../../src/errors.ts";
import { collectVocabulary } from "../../src/data/token_stream.ts";
import { Gpu } from "../../src/gpu/gpu.ts";
import { loadCheckpoint } from "../../src/checkpoint/checkpoint.ts";
import { Gpt2 } from "../../src/model/gpt2.ts";
import { Agd } from "../../src/optim/agd/agd.ts";
import type { Optimizer, OptimizerTarget } from "../../src/optim/optimizer.ts";
import { readMetrics } from "../../src/run/metrics.ts";
import type { RunOptions } from "../../src/run/options.ts";
import { trainToDirectory } from "../../src/run/run.ts";
import { openRun } from "../../src/run/saved_run.ts";
import { jsonl, TempDir, texts } from "../data/fixtures.ts";

const ARCHITECTURE = { layers: 1, heads: 2, width: 16, context: 16, bias: true, affine: true };

Deno.test("a run whose gradients are not finite at some steps", async (t) => {
  await using directory = new TempDir();
  const data = [await directory.write("corpus.jsonl", jsonl(texts(60, 40)))];
  const { vocabulary } = await collectVocabulary(data);
  using gpu = await Gpu.open();

  /** AGD that finds a gradient that is not finite at these steps, the first of which is `first`. */
  const failing =
    (first: number, isBad: (step: number) => boolean) => (target: OptimizerTarget): Optimizer => {
      const { gpu, gradients } = target;
      const optimizer = new Agd(target);
      const { step } = optimizer;
      let next = first;
      optimizer.step = () => {
        if (isBad(next++)) gpu.write(gradients.get("wpe.weight")!, Float32Array.of(Infinity), 9);
        step.call(optimizer);
      };
      return optimizer;
    };

  /** Trains a model of its own; returns the directory, how it ended, and what was noted. */
  const train = async (name: string, options: Partial<RunOptions>) => {
    const { resume } = options;
    using model = resume
      ? await loadCheckpoint(gpu, resume.checkpoint)
      : await Gpt2.create(gpu, ARCHITECTURE, { vocabulary, seed: 1 });
    const notes: string[] = [];
    const out = `${directory.path}/${name}`;
    const result = await trainToDirectory(model, {
      ...{ data, out, batch: 2, steps: 6, seed: 1, optimizer: (target) => new Agd(target) },
      ...{ evalEvery: 3, evalBatches: 2, sampleEvery: 0, sampleTokens: 4 },
      onNote: (text) => void notes.push(text),
      ...options,
    });
    return { out, notes, ...result };
  };
  const isBad = (step: number) => step === 2 || step === 5;
  const whole = await train("whole", { optimizer: failing(1, isBad) });

  await t.step("tells of each that is skipped, counts and records it", async () => {
    assertEquals(whole.skippedSteps, 2);
    assertEquals(
      whole.notes,
      [2, 5].map((step) => `Step ${step} was skipped: a gradient was not finite or too large.`),
    );
    const metrics = await readMetrics(`${whole.out}/metrics.jsonl`);
    assertEquals(metrics.map(({ skipped = false }) => skipped), [1, 2, 3, 4, 5, 6].map(isBad));
    assertEquals(metrics.map(({ eta }) => eta === undefined), [1, 2, 3, 4, 5, 6].map(isBad));
  });

  await t.step("goes on from a checkpoint bit for bit", async () => {
    const { out } = await train("parts", { steps: 3, optimizer: failing(1, isBad) });
    using resume = await openRun(out);
    await train("parts", { resume, optimizer: failing(4, isBad) });
    for (const file of ["model.safetensors", "training_state.safetensors"]) {
      const [actual, expected] = [out, whole.out].map((run) =>
        Deno.readFileSync(`${run}/checkpoints/step-000006/${file}`)
      );
      assertEquals(actual, expected, file);
    }
  });

  await t.step("stops after ten in a row, and saves the last good state", async () => {
    const error = await assertRejects(
      () => train("stopped", { steps: 30, evalEvery: 50, optimizer: failing(1, (n) => n > 3) }),
      UserError,
    );
    const out = `${directory.path}/stopped`;
    const saved = `${out}/checkpoints/step-000013`;
    assertEquals(
      error.message,
      "in 10 steps in a row, up to step 13, a gradient was not finite or too large: training cannot go on; " +
        `the last checkpoint is ${saved}`,
    );
    const good = await train("good", { steps: 3 });
    assertEquals(
      Deno.readFileSync(`${saved}/model.safetensors`),
      Deno.readFileSync(`${good.out}/model.safetensors`),
    );
    assertEquals((await readMetrics(`${out}/metrics.jsonl`)).length, 13);
  });

  await t.step("saves no more than evaluations did where no step was done", async () => {
    const error = await assertRejects(
      () => train("nothing", { steps: 30, optimizer: failing(1, () => true) }),
      UserError,
    );
    assertEquals(
      error.message,
      "in 10 steps in a row, up to step 10, a gradient was not finite or too large: training cannot go on; " +
        `the last checkpoint is ${directory.path}/nothing/checkpoints/step-000009`,
    );
  });
});
