import { assert, assertEquals, assertRejects } from "@std/assert";
import { UsageError, UserError } from "../../src/errors.ts";
import { collectVocabulary } from "../../src/data/token_stream.ts";
import { loadCheckpoint } from "../../src/checkpoint/checkpoint.ts";
import { Gpt2 } from "../../src/model/gpt2.ts";
import { AdamW } from "../../src/optim/adamw.ts";
import { Agd } from "../../src/optim/agd/agd.ts";
import type { Optimizer, OptimizerTarget } from "../../src/optim/optimizer.ts";
import { Sgd } from "../../src/optim/sgd.ts";
import { readMetrics, type StepMetrics } from "../../src/run/metrics.ts";
import type { RunOptions } from "../../src/run/options.ts";
import { trainToDirectory } from "../../src/run/run.ts";
import { openRun } from "../../src/run/saved_run.ts";
import { jsonl, namedPipe, TempDir, texts } from "../data/fixtures.ts";
import { openTestGpu } from "../ops/helpers.ts";

const gpu = await openTestGpu();
const ARCHITECTURE = { layers: 1, heads: 2, width: 16, context: 16 };

type Make = (target: OptimizerTarget) => Optimizer;

const OPTIMIZERS: Record<string, Make> = {
  "agd spectral": (target) => new Agd(target),
  "agd frobenius": (target) => new Agd(target, { norm: "frobenius" }),
  adamw: (target) => new AdamW(target, { learningRate: 1e-2 }),
  sgd: (target) => new Sgd(target, { learningRate: 0.1 }),
};

/** Runs of 8 steps that evaluate and save at every second one, in a directory with a corpus. */
async function runs(directory: TempDir) {
  const data = [await directory.write("corpus.jsonl", jsonl(texts(60, 40)))];
  const { vocabulary } = await collectVocabulary(data);
  const settings = (name: string, make: Make, options: Partial<RunOptions>): RunOptions => ({
    ...{ data, batch: 2, optimizer: make, steps: 8, seed: 1, out: `${directory.path}/${name}` },
    ...{ evalEvery: 2, evalBatches: 2, sampleEvery: 0, sampleTokens: 4 },
    now: () => 0, // a checkpoint holds the time that its run has taken
    ...options,
  });
  /** Starts a run. */
  const start = async (name: string, make: Make, options: Partial<RunOptions> = {}) => {
    using model = await Gpt2.create(gpu, ARCHITECTURE, { vocabulary, seed: 1 });
    return await trainToDirectory(model, settings(name, make, options));
  };
  /** Starts a run that is stopped after a step. */
  const stop = (name: string, make: Make, after: number, options: Partial<RunOptions> = {}) => {
    const controller = new AbortController();
    const onStep: RunOptions["onStep"] = ({ step }) => step === after && controller.abort();
    return start(name, make, { ...options, onStep, signal: controller.signal });
  };
  /** Goes on with a run, or from one of its checkpoints. */
  const resume = async (from: string, make: Make, options: Partial<RunOptions> = {}) => {
    using resume = await openRun(`${directory.path}/${from}`, options.out);
    using model = await loadCheckpoint(gpu, resume.checkpoint);
    const name = from.split("/")[0];
    return await trainToDirectory(model, settings(name, make, { resume, ...options }));
  };
  /** What a run has left behind that does not depend on time. */
  const results = async (name: string) => {
    const path = `${directory.path}/${name}`;
    const checkpoint = `${path}/checkpoints/step-000008`;
    const files = [...Deno.readDirSync(checkpoint)].map(({ name }) => name).sort();
    const contents = await Promise.all(files.map((file) => Deno.readFile(`${checkpoint}/${file}`)));
    const metrics = await readMetrics(`${path}/metrics.jsonl`);
    return {
      ...{ files, contents, published: await Deno.readFile(`${path}/model.safetensors`) },
      curves: (await Deno.readTextFile(`${path}/loss.svg`)).match(/ d="[^"]*"/g),
      metrics: metrics.map(({ tokens_per_second: _, data_wait_ms: __, host_ms: ___, ...rest }) =>
        rest
      ),
    };
  };
  return { start, stop, resume, results };
}

const MICRO_BATCHES: Partial<RunOptions> = { batch: 1, accumulate: 2, recompute: true };
const CASES: [name: string, Make, Partial<RunOptions>][] = [
  ...Object.entries(OPTIMIZERS).map((
    [kind, make],
  ): [string, Make, Partial<RunOptions>] => [kind, make, {}]),
  ["micro-batches, recomputed", OPTIMIZERS["sgd"], MICRO_BATCHES],
  ["16 bits", OPTIMIZERS["agd spectral"], { precision: "f16" }],
  ["with outer steps", OPTIMIZERS["agd spectral"], { syncEvery: 3, evalEvery: 4 }],
];

for (const [name, make, options] of CASES) {
  Deno.test(`a resumed run is the uninterrupted one, bit for bit: ${name}`, async () => {
    await using directory = new TempDir();
    const { start, stop, resume, results } = await runs(directory);
    await start("whole", make, options);
    const stopped = await stop("stopped", make, 4, options);
    assertEquals(stopped.last?.step, 4);
    const { last } = await resume("stopped", make, options);
    assertEquals([last?.step, last?.tokens], [8, 256]);
    const whole = await results("whole");
    assertEquals(whole.metrics.length, 8);
    assertEquals(whole.files.includes("training_state.safetensors"), name !== "agd frobenius");
    assertEquals(await results("stopped"), whole);
  });
}

const AGD = OPTIMIZERS["agd spectral"];

Deno.test("a run may be stopped anywhere, more than once, and go on elsewhere", async () => {
  await using directory = new TempDir();
  const { start, stop, resume, results } = await runs(directory);
  await start("whole", AGD);
  const whole = await results("whole");
  // With steps after the checkpoint that were not saved, as if it had been killed.
  const keep = 9;
  await start("killed", AGD, { evalEvery: 3, steps: 6, keep });
  await Deno.remove(`${directory.path}/killed/checkpoints/step-000006`, { recursive: true });
  await directory.write("killed/checkpoints/step-000006.tmp/model.safetensors", "half");
  await resume("killed", AGD, { evalEvery: 3, steps: 5, keep });
  await resume("killed", AGD, { keep });
  const { contents, ...losses } = await results("killed");
  const { contents: expected, ...wholeLosses } = whole;
  const withoutEvaluations = ({ val_loss: _, norms: __, ...rest }: Partial<StepMetrics>) => rest;
  assertEquals(losses.metrics.map(withoutEvaluations), wholeLosses.metrics.map(withoutEvaluations));
  assertEquals(losses.published, wholeLosses.published);
  const tensors = whole.files.indexOf("training_state.safetensors");
  assertEquals(contents[tensors], expected[tensors]);

  // From an earlier checkpoint, in its own directory, where later ones are dropped, and in another.
  await stop("first", AGD, 6, { keep });
  await resume("first/checkpoints/step-000002", AGD, { out: `${directory.path}/other` });
  assertEquals(await results("other"), whole);
  const notes: string[] = [];
  const onNote = (text: string) => void notes.push(text);
  await resume("first/checkpoints/step-000004", AGD, { steps: 5, keep, onNote });
  assertEquals(notes, ["Drops the checkpoints after step 4: 6."]);
  const kept = [...Deno.readDirSync(`${directory.path}/first/checkpoints`)].map(({ name }) => name);
  assertEquals(kept.sort(), ["step-000002", "step-000004", "step-000005"]);
  assertEquals((await readMetrics(`${directory.path}/first/metrics.jsonl`)).length, 5);
});

Deno.test("the last checkpoints and the best one are kept", async () => {
  await using directory = new TempDir();
  const { start } = await runs(directory);
  // So large a step that the loss only grows after the first ones.
  const wild: Make = (target) => new Sgd(target, { learningRate: 4, momentum: 0 });
  const { best } = await start("run", wild, { steps: 8, evalEvery: 1, keep: 3 });
  const metrics = await readMetrics(`${directory.path}/run/metrics.jsonl`);
  const losses = metrics.map(({ val_loss }) => val_loss!);
  const lowest = losses.indexOf(Math.min(...losses)) + 1;
  assert(lowest < 6, `the best step, ${lowest}, would be kept anyway`);
  assertEquals(best, { step: lowest, val_loss: losses[lowest - 1] });
  const kept = [...Deno.readDirSync(`${directory.path}/run/checkpoints`)].map(({ name }) => name);
  assertEquals(kept.sort(), [lowest, 6, 7, 8].map((step) => `step-00000${step}`));
});

Deno.test("the best step is one that is there, on the same validation data", async () => {
  await using directory = new TempDir();
  const { start, stop, resume } = await runs(directory);
  const wild: Make = (target) => new Sgd(target, { learningRate: 4, momentum: 0 });
  await stop("run", wild, 5, { evalEvery: 1, keep: 3 });
  const path = `${directory.path}/run`;
  const losses = (await readMetrics(`${path}/metrics.jsonl`)).map(({ val_loss }) => val_loss!);
  const { last, best } = await start("again", wild, { evalEvery: 1, keep: 3, steps: 5 });
  assert(best && last && best.step < last.step && losses[best.step - 1] === best.val_loss);

  /** Goes on with `from`: the best step then, and what is noted of it. */
  const goOn = async (from: string, options: Partial<RunOptions>) => {
    const notes: string[] = [];
    const onNote = (text: string) => void notes.push(text);
    const result = await resume(from, wild, { evalEvery: 1, keep: 3, onNote, ...options });
    return { best: result.best?.step, notes };
  };
  const was = `Looks for the best step anew: step ${best.step} was the best, `;
  // The same tokens in batches of another size are the same data; none leave it as it was.
  assertEquals(await goOn("again", { steps: 6, batch: 4, evalBatches: 1 }), {
    ...{ best: best.step, notes: [] },
  });
  assertEquals(await goOn("again", { steps: 7, evalBatches: 0 }), { best: best.step, notes: [] });
  const elsewhere = `${directory.path}/elsewhere`;
  assertEquals(await goOn("run", { steps: 6, out: elsewhere }), {
    ...{ best: 6, notes: [`${was}its checkpoint is not in ${elsewhere}.`] },
  });
  assertEquals(await goOn("again", { steps: 8, batch: 3 }), {
    ...{ best: 8, notes: [`${was}but on other validation data.`] },
  });
});

Deno.test("what cannot go on is refused", async () => {
  await using directory = new TempDir();
  const { start, resume } = await runs(directory);
  await start("run", AGD, { steps: 4 });
  await assertRejects(
    () => resume("run", OPTIMIZERS.adamw),
    UserError,
    "was trained with agd spectral, not adamw: a run keeps its optimiser",
  );
  await assertRejects(
    () => resume("run", (target) => new Agd(target, { nesterov: false })),
    UserError,
    "was trained with agd spectral, nesterov 0/0.5/1, not agd spectral, nesterov false: a run keeps",
  );
  const path = `${directory.path}/run`;
  {
    using run = await openRun(path);
    await assertRejects(() => openRun(path), UserError, `${path} is in use by process ${Deno.pid}`);
    await assertRejects(
      () => resume("run", AGD, { resume: run, out: `${directory.path}/other` }),
      UsageError,
      `the run was opened to go on in ${path}, not in ${directory.path}/other`,
    );
  }
  await assertRejects(
    () => resume("none", AGD),
    UserError,
    "/none: there is no checkpoint to resume from",
  );
  await assertRejects(
    () => resume("run/checkpoints/step-000003", AGD),
    UserError,
    "step-000003: there is no such checkpoint, but of the steps 2, 4",
  );
  const state = `${path}/checkpoints/step-000004/training_state.json`;
  await Deno.writeTextFile(
    state,
    (await Deno.readTextFile(state)).replace('"step": 4', '"step": 5'),
  );
  await assertRejects(
    () => openRun(path),
    UserError,
    `${state} is damaged: the checksum of its content is not the manifest's; to go on from the ` +
      `one before: --resume ${path}/checkpoints/step-000002`,
  );
  const renamed = `${path}/checkpoints/step-000006`;
  await Deno.rename(`${path}/checkpoints/step-000002`, renamed);
  await assertRejects(
    () => openRun(path),
    UserError,
    `${renamed} is the checkpoint of step 2: give it back the name that it had`,
  );
  await Deno.rename(renamed, `${path}/checkpoints/step-000002`);
  assertEquals((await resume("run/checkpoints/step-000002", AGD)).last?.step, 8);
});

Deno.test({
  name: "pipes in the place of a run's files are named, and not waited for",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using directory = new TempDir();
    const { start, resume } = await runs(directory);
    await start("run", AGD, { steps: 2 });
    const checkpoint = "checkpoints/step-000002";
    const state = `${checkpoint}/training_state`;
    const names = [`${state}.json`, `${state}.safetensors`, `${checkpoint}/manifest.json`];
    for (const name of [...names, "metrics.jsonl", "run.lock"]) {
      const path = `${directory.path}/run/${name}`;
      if (name !== "run.lock") await Deno.rename(path, `${path}.kept`);
      namedPipe(path);
      await assertRejects(
        () => resume("run", AGD),
        UserError,
        `${path} is a named pipe, not a file`,
      );
      await Deno.remove(path);
      if (name !== "run.lock") await Deno.rename(`${path}.kept`, path);
    }
    assertEquals((await resume("run", AGD, { steps: 3 })).last?.step, 3);
  },
});

Deno.test("with other data it goes on from the data's beginning, and says so", async () => {
  await using directory = new TempDir();
  const { start, resume } = await runs(directory);
  await start("run", AGD, { steps: 2 });
  const data = [await directory.write("other.jsonl", jsonl(texts(50, 30, 2)))];
  const notes: string[] = [];
  const onNote = (text: string) => void notes.push(text);
  const { last } = await resume("run", AGD, { data, steps: 4, onNote });
  assertEquals(last?.step, 4);
  assertEquals(notes, [
    "Reads the data from its beginning: the run was at a place in other data files.",
    "Looks for the best step anew: step 2 was the best, but on other validation data.",
  ]);
});
