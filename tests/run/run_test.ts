import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { UserError } from "../../src/errors.ts";
import { collectVocabulary, openTokenStream } from "../../src/data/token_stream.ts";
import { Gpu } from "../../src/gpu/gpu.ts";
import { loadCheckpoint } from "../../src/checkpoint/checkpoint.ts";
import { Gpt2 } from "../../src/model/gpt2.ts";
import { Agd } from "../../src/optim/agd/agd.ts";
import { Sgd } from "../../src/optim/sgd.ts";
import { readMetrics } from "../../src/run/metrics.ts";
import type { RunOptions } from "../../src/run/options.ts";
import { trainToDirectory } from "../../src/run/run.ts";
import { openRun } from "../../src/run/saved_run.ts";
import { jsonl, TempDir, texts } from "../data/fixtures.ts";

const ARCHITECTURE = { layers: 1, heads: 2, width: 16, context: 16, bias: true, affine: true };

Deno.test("a run leaves its results in a directory", async (t) => {
  await using directory = new TempDir();
  const data = [await directory.write("corpus.jsonl", jsonl(texts(60, 40)))];
  const { vocabulary } = await collectVocabulary(data);
  using gpu = await Gpu.open();

  /** Trains a model of its own; returns the steps at which it saved, and how it ended. */
  const train = async (name: string, options: Partial<RunOptions>) => {
    using model = await Gpt2.create(gpu, ARCHITECTURE, { vocabulary, seed: 1 });
    const saves: number[] = [];
    const out = `${directory.path}/${name}`;
    const result = await trainToDirectory(model, {
      ...{ data, out, batch: 2, optimizer: (target) => new Agd(target), steps: 5, seed: 1 },
      ...{ evalEvery: 2, evalBatches: 2, sampleEvery: 0, sampleTokens: 4 },
      onSave: (step) => void saves.push(step),
      ...options,
    });
    return { out, saves, ...result };
  };

  const weightsIn = (out: string) => Deno.readFileSync(`${out}/model.safetensors`);

  await t.step("which holds the model of each evaluation, and of the end", async () => {
    let second: Uint8Array | undefined;
    const { out, last } = await train("full", {
      onSample: () => {},
      onSave: (step, out) => {
        if (step === 2) second = weightsIn(out);
      },
    });
    const metrics = await readMetrics(`${out}/metrics.jsonl`);
    assertEquals(metrics.map(({ step }) => step), [1, 2, 3, 4, 5]);
    const evaluations = metrics.filter(({ val_loss }) => val_loss !== undefined);
    assertEquals(evaluations.map(({ step }) => step), [2, 4, 5]);
    assertEquals(metrics[4].val_loss, last?.validationLoss);
    assertStringIncludes(await Deno.readTextFile(`${out}/loss.svg`), "</svg>");
    assertMatch(await Deno.readTextFile(`${out}/samples.jsonl`), /^{"step":5,"text":".*"}\n$/);
    const { state, steps, config } = JSON.parse(await Deno.readTextFile(`${out}/run.json`));
    assertEquals([state, steps, config.layers], ["finished", 5, 1]);

    const short = await train("short", { steps: 2 });
    assertEquals(short.saves, [2]);
    assertEquals(weightsIn(short.out), second);
    using model = await loadCheckpoint(gpu, out);
    assertEquals(model.config, { ...ARCHITECTURE, vocabularySize: vocabulary.size });
  });

  await t.step("and where in the data each is", async () => {
    const { out } = await train("position", { steps: 3, shuffle: false, minTokens: 20 });
    const position =
      JSON.parse(await Deno.readTextFile(`${out}/checkpoints/step-000003/training_state.json`))
        .data_position;
    const options = {
      ...{ data, vocabulary, context: 16, batch: 2, split: "training" as const, seed: 1 },
      ...{ shuffle: false, minTokens: 20 },
    };
    await using whole = await openTokenStream(options);
    for (let step = 1; step <= 3; step++) await whole.next();
    assertEquals(position, whole.position);
    await using rest = await openTokenStream({ ...options, position });
    assertEquals(await rest.next(), await whole.next());
  });

  await t.step("the same, up to rounding, from micro-batches", async () => {
    const results = async (name: string, options: { batch: number; accumulate?: number }) => {
      const { out } = await train(name, options);
      const state = `${out}/checkpoints/step-000005/training_state.json`;
      const { data_position, tokens } = JSON.parse(await Deno.readTextFile(state));
      return { metrics: await readMetrics(`${out}/metrics.jsonl`), data_position, tokens };
    };
    const whole = await results("batch-of-4", { batch: 4 });
    const parts = await results("4-of-1", { batch: 1, accumulate: 4 });
    assertEquals([parts.data_position, parts.tokens], [whole.data_position, whole.tokens]);
    parts.metrics.forEach(({ loss, val_loss, tokens }, i) => {
      const expected = whole.metrics[i];
      assertEquals(tokens, expected.tokens);
      assertAlmostEquals(loss, expected.loss, 1e-4);
      assertEquals(val_loss === undefined, expected.val_loss === undefined);
      assertAlmostEquals(val_loss ?? 0, expected.val_loss ?? 0, 1e-4);
    });
  });

  await t.step("also without validation", async () => {
    const { out, saves } = await train("no-validation", { evalBatches: 0 });
    assertEquals(saves, [2, 4, 5]);
    const metrics = await readMetrics(`${out}/metrics.jsonl`);
    assertEquals(metrics.some(({ val_loss }) => val_loss !== undefined), false);
  });

  await t.step("with samples in between and at the end", async () => {
    const samples: number[] = [];
    await train("samples", { sampleEvery: 2, onSample: (step) => void samples.push(step) });
    assertEquals(samples, [2, 4, 5]);
  });

  await t.step("after the step at which it is aborted", async () => {
    const controller = new AbortController();
    const { out, saves, last } = await train("aborted", {
      onStep: () => controller.abort(),
      onSample: () => assert(false, "no sample after that"),
      ...{ steps: 100, evalEvery: 100, signal: controller.signal },
    });
    assertEquals(last!.step < 4, true); // the one under way was finished
    assertEquals(saves, [last!.step]);
    assertEquals((await readMetrics(`${out}/metrics.jsonl`)).length, last!.step);
  });

  await t.step("while which is written training goes on", async () => {
    const log: string[] = [];
    await train("saving", {
      ...{ steps: 20, evalBatches: 0, keep: 1 },
      onStep: ({ step }) => void log.push(`step ${step}`),
      onSave: (step) => void log.push(`saved ${step}`),
    });
    const saves = log.filter((entry) => entry.startsWith("saved"));
    assertEquals(saves, Array.from({ length: 10 }, (_, i) => `saved ${2 * i + 2}`)); // in order
    const isAfterNext = (save: string) =>
      log.indexOf(save) > log.indexOf(`step ${Number(save.slice(6)) + 1}`);
    assert(saves.slice(0, -1).some(isAfterNext), "every save held up the next step");
  });

  await t.step("unless it is aborted before the first step", async () => {
    const { saves, last } = await train("none", { signal: AbortSignal.abort() });
    assertEquals([saves, last], [[], undefined]);
    await train("none", { steps: 1 }); // nothing is in the way of this one
  });

  await t.step("that holds no other run", async () => {
    await assertRejects(
      () => train("full", {}),
      UserError,
      "/full holds a run already: go on with --resume, choose another --out, or remove it",
    );
  });

  await t.step("that holds the log of a run that saved nothing, which it starts over", async () => {
    const [first] = (await Deno.readTextFile(`${directory.path}/full/metrics.jsonl`)).split("\n");
    await directory.write("over/metrics.jsonl", `${first}\n{"step":2,`);
    const notes: string[] = [];
    await train("over", { steps: 1, onNote: (text) => notes.push(text) });
    assertEquals(notes, [
      "Started over: a run that ended here before (1 line of metrics) had saved nothing.",
    ]);
    assertEquals((await readMetrics(`${directory.path}/over/metrics.jsonl`)).length, 1);
  });

  await t.step("and not where links in it lead", async () => {
    const precious = await directory.write("precious", "precious");
    const out = `${directory.path}/links`;
    await Deno.mkdir(out);
    for (const name of ["loss.svg", "loss.svg.tmp", "config.json", "model.safetensors.tmp"]) {
      await Deno.symlink(precious, `${out}/${name}`);
    }
    for (const name of ["run.lock", "metrics.jsonl", "checkpoints"]) {
      await Deno.symlink(`${directory.path}/nowhere`, `${out}/${name}`);
      await assertRejects(
        () => train("links", { steps: 1 }),
        UserError,
        `/links/${name} is a link, and nothing is written to where it leads: remove it`,
      );
      await Deno.remove(`${out}/${name}`);
    }
    await train("links", { steps: 1 });
    assertEquals(await Deno.readTextFile(precious), "precious");
    assertEquals([...Deno.readDirSync(out)].some(({ isSymlink }) => isSymlink), false);
    await assertRejects(() => Deno.lstat(`${directory.path}/nowhere`), Deno.errors.NotFound);
  });

  await t.step("and that is not created for data that is bad", async () => {
    const bad = await directory.write("bad.jsonl", "oops\n");
    await assertRejects(() => train("bad", { data: [bad] }), UserError, "bad.jsonl:1: not JSON");
    await assertRejects(() => Deno.stat(`${directory.path}/bad`), Deno.errors.NotFound);
  });
});

Deno.test("what stops a run is told with the last checkpoint", async (t) => {
  await using directory = new TempDir();
  const data = [await directory.write("corpus.jsonl", jsonl(texts(60, 40)))];
  const { vocabulary } = await collectVocabulary(data);

  /** Trains, and breaks the device after the first save. */
  const train = async (name: string, breakIt: (gpu: Gpu) => void) => {
    using gpu = await Gpu.open();
    using model = await Gpt2.create(gpu, ARCHITECTURE, { vocabulary, seed: 1 });
    let isSaved = false;
    await trainToDirectory(model, {
      ...{ data, out: `${directory.path}/${name}`, batch: 2, steps: 1000, seed: 1 },
      optimizer: (target) => new Agd(target),
      ...{ evalEvery: 2, evalBatches: 0, sampleEvery: 0, sampleTokens: 4 },
      onSave: () => void (isSaved = true),
      onStep: () => isSaved && breakIt(gpu),
    });
  };

  const breakages: [name: string, breakIt: (gpu: Gpu) => void, message: RegExp][] = [
    [
      "a lost device",
      ({ device }) => device.destroy(),
      /^the GPU ".*" was lost: [^\n]*; the last checkpoint is .*\/step-(\d+)$/,
    ],
    [
      "memory that has run out",
      ({ device }) => {
        const error = new GPUOutOfMemoryError("no memory");
        device.dispatchEvent(new GPUUncapturedErrorEvent("uncapturederror", { error }));
      },
      /^the GPU ".*" ran out of memory [^\n]*; the last checkpoint is .*\/step-(\d+)$/,
    ],
  ];
  for (const [name, breakIt, message] of breakages) {
    await t.step(name, async () => {
      const error = await assertRejects(() => train(name, breakIt), UserError);
      assertMatch(error.message, message);
      using run = await openRun(`${directory.path}/${name}`);
      assertEquals(run.state.step, Number(error.message.match(message)![1]));
    });
  }
});

Deno.test("weights that are not finite are not saved, nor good ones removed", async () => {
  await using directory = new TempDir();
  const data = [await directory.write("corpus.jsonl", jsonl(texts(60, 40)))];
  const { vocabulary } = await collectVocabulary(data);
  using gpu = await Gpu.open();
  using model = await Gpt2.create(gpu, ARCHITECTURE, { vocabulary, seed: 1 });
  const out = `${directory.path}/run`;
  const bias = model.weights.get("h.0.mlp.c_fc.bias")!;
  const spoilt = new Float32Array(bias.size);
  spoilt[3] = -Infinity;
  const error = await assertRejects(
    () =>
      trainToDirectory(model, {
        ...{ data, out, batch: 2, steps: 3, seed: 1, keep: 1 },
        optimizer: (target) => new Sgd(target, { learningRate: 0.1 }),
        ...{ evalEvery: 1, evalBatches: 0, sampleEvery: 0, sampleTokens: 4 },
        onStep: ({ step }) => step === 3 && gpu.write(bias, spoilt),
      }),
    UserError,
  );
  assertEquals(
    error.message,
    "weight h.0.mlp.c_fc.bias has the value -Infinity after step 3: training cannot go on; the " +
      `last checkpoint is ${out}/checkpoints/step-000002`,
  );
  assertEquals([...Deno.readDirSync(`${out}/checkpoints`)].map(({ name }) => name), [
    "step-000002",
  ]);
  using run = await openRun(out);
  assertEquals(run.state.step, 2);
});
