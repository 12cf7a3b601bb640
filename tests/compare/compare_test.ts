import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import type { Cell } from "../../src/compare/cell.ts";
import { compare, type CompareOptions, type Progress } from "../../src/compare/compare.ts";
import { agdWith, nameOf } from "../../src/compare/contender.ts";
import { writeComparison } from "../../src/compare/files.ts";
import { finalLoss, type RunRecord } from "../../src/compare/record.ts";
import { RunStore } from "../../src/compare/store.ts";
import { UsageError, UserError } from "../../src/errors.ts";
import { jsonl, TempDir, texts } from "../data/fixtures.ts";
import { openTestGpu } from "../ops/helpers.ts";
import { CELL } from "./helpers.ts";

const gpu = await openTestGpu();

/** A small corpus, and a comparison of AGD and AdamW on it. */
async function setUp(): Promise<{ directory: TempDir; cell: Cell; options: CompareOptions }> {
  const directory = new TempDir();
  const data = await directory.write("corpus.jsonl", jsonl(texts(60, 40)));
  const cell = { ...CELL, data };
  const options: CompareOptions = {
    ...{ cells: [cell], contenders: [agdWith()], seeds: [0, 1], extensions: 0 },
    grids: [{ optimizer: "adamw", learningRates: [0.01] }],
    ...{ evaluations: 4, validationTokens: 64 },
  };
  return { directory, cell, options };
}

/** Makes a comparison; returns the runs that it had to make, in order. */
async function made(out: string, options: CompareOptions): Promise<RunRecord[]> {
  const records: RunRecord[] = [];
  using store = await RunStore.open(out);
  await compare(gpu, store, {
    ...options,
    onRecord: async (record, run, progress) => {
      if (!run.isDone) records.push(record);
      await options.onRecord?.(record, run, progress);
    },
  });
  return records;
}

const titles = (records: readonly RunRecord[]) =>
  records.map(({ settings: { contender, seed } }) => `${nameOf(contender)}, seed ${seed}`);

Deno.test("a comparison trains every contender from every seed, once", async () => {
  const { directory, options } = await setUp();
  await using _ = directory;
  const before = gpu.allocatedBytes;
  const told: Progress[] = [];
  let measured = 0;
  const records = await made(directory.path, {
    ...options,
    onCell: (build) => Promise.resolve(void (measured += Number(build() !== undefined))),
    onRecord: (_record, _run, progress) => void told.push({ ...progress }),
  });
  assertEquals(gpu.allocatedBytes, before);
  assertEquals(measured, 1);
  assertEquals(titles(records), [
    ...["AGD, seed 0", "AGD, seed 1", "AdamW, lr 0.01, seed 0", "AdamW, lr 0.01, seed 1"],
  ]);
  for (const { curve, adapter } of records) {
    assertEquals(adapter, gpu.adapterName);
    assertEquals(curve.map(({ step, tokens }) => [step, tokens]), [
      ...[[2, 64], [4, 128], [6, 192], [8, 256]],
    ]);
    assert(curve[3].val_loss < curve[0].val_loss && curve[3].loss! < curve[0].loss!);
  }
  assert(finalLoss(records[0]) !== finalLoss(records[1]), "the seeds differ");
  assertEquals(told.map(({ runs, finished }) => [runs, finished]), [
    ...[[4, 1], [4, 2], [4, 3], [4, 4]],
  ]);
  assertEquals(told[3].costLeft, 0);
  // Nothing is left to do; a further seed is all that is new.
  assertEquals(await made(directory.path, options), []);
  assertEquals(titles(await made(directory.path, { ...options, seeds: [0, 1, 2] })), [
    ...["AGD, seed 2", "AdamW, lr 0.01, seed 2"],
  ]);
});

Deno.test("an interrupted run is made again, and gives what it would have given", async () => {
  const { directory, options } = await setUp();
  await using _ = directory;
  const whole = await made(`${directory.path}/whole`, options);
  const controller = new AbortController();
  let steps = 0;
  const before = gpu.allocatedBytes;
  const first = await made(`${directory.path}/parts`, {
    ...options,
    signal: controller.signal,
    onStep: () => ++steps === 11 && controller.abort(), // in the second run
  });
  assertEquals(gpu.allocatedBytes, before);
  assertEquals(titles(first), ["AGD, seed 0"]);
  const rest = await made(`${directory.path}/parts`, options);
  assertEquals(titles(rest), titles(whole).slice(1));
  const curves = (records: RunRecord[]) => records.map(({ curve }) => curve);
  assertEquals(curves([...first, ...rest]), curves(whole));
});

Deno.test("time may end the runs, whose evaluations are then parts of it", async () => {
  const { directory, cell: { steps: _, ...cell }, options } = await setUp();
  await using __ = directory;
  const timed = (settings: { steps?: number }) => {
    let seconds = 0;
    return made(directory.path, {
      ...options,
      ...{ cells: [{ ...cell, seconds: 12, ...settings }], seeds: [0] },
      now: () => 1000 * seconds,
      onStep: () => void seconds++,
    });
  };
  const records = await timed({});
  assertEquals(titles(records), ["AGD, seed 0", "AdamW, lr 0.01, seed 0"]);
  for (const { curve, settings } of records) {
    assertEquals([settings.cell.seconds, settings.evaluations, settings.evalEvery], [
      ...[12, 4, undefined],
    ]);
    assertEquals(curve.length, 4);
    assert(curve[0].step >= 3 && curve[0].step < 6); // after a quarter of the time
    assert(curve[3].step >= 10);
  }
  assertEquals(await timed({}), []);
  for (const { curve } of await timed({ steps: 8 })) assertEquals(curve.at(-1)?.step, 8);
});

Deno.test("a rate may fall in a straight line, and weights need not decay", async () => {
  const { directory, options } = await setUp();
  await using _ = directory;
  const learningRates: number[] = [];
  const [run, decayed, muon, scheduleFree, amuse] = await made(directory.path, {
    ...{ ...options, contenders: [], seeds: [0] },
    grids: [
      { optimizer: "adamw", learningRates: [0.07], decay: "linear", weightDecay: 0 },
      { optimizer: "adamw", learningRates: [0.07], decay: "linear", weightDecay: 0.5 },
      { optimizer: "muon", learningRates: [0.07], decay: "linear" },
      { optimizer: "sf-muon", learningRates: [0.07], decay: "constant" },
      { optimizer: "amuse", learningRates: [0.07], decay: "constant" },
    ],
    onStep: ({ learningRate }) => learningRates.push(learningRate!),
  });
  assertEquals(titles([run]), ["AdamW, linear to 0, weight decay 0, lr 0.07, seed 0"]);
  assertEquals(learningRates.slice(0, 8).map((rate) => Math.round(100 * rate)), [
    ...[7, 7, 6, 5, 4, 3, 2, 1],
  ]);
  assert(finalLoss(run) !== finalLoss(decayed));
  assertEquals(learningRates.slice(24), Array(16).fill(0.07));
  for (const { curve } of [muon, scheduleFree, amuse]) {
    assert(curve[3].val_loss < curve[0].val_loss);
  }
  const report = await writeComparison(directory.path, [run, decayed, muon]);
  assertMatch(report, /\nMuon \(momentum 0\.95, [^]*\n\| Muon, linear to 0, lr 0\.07 +\|/);
});

Deno.test("a grid is extended where its best rate is at an end, and divergence is recorded", async () => {
  const { directory, options } = await setUp();
  await using _ = directory;
  const extended: number[] = [];
  const records = await made(directory.path, {
    ...options,
    ...{ contenders: [], seeds: [0], extensions: 1 },
    grids: [
      { optimizer: "sgd", learningRates: [1e-6, 1e30] },
      { optimizer: "schedulefree+", learningRates: [1], decay: "constant" },
    ],
    onExtend: (_cell, { learningRate }) => extended.push(learningRate),
  });
  assertEquals(extended, [3.3e-7]);
  assertEquals(titles(records), [
    "SGD, lr 0.000001, seed 0",
    "SGD, lr 1e+30, seed 0",
    "SGD, lr 3.3e-7, seed 0",
    "ScheduleFree+, seed 0",
  ]);
  assert(records[3].curve[3].val_loss < records[3].curve[0].val_loss);
  assertMatch(await writeComparison(directory.path, records), /\nScheduleFree\+ has no learning/);
  assertMatch(records[1].diverged!, /^the (validation )?loss .* is /);
  assertEquals(finalLoss(records[1]), Infinity);
  assertEquals(
    await made(directory.path, {
      ...options,
      contenders: [],
      seeds: [0],
      grids: [{ optimizer: "sgd", learningRates: [1e30] }],
    }),
    [],
  );
});

Deno.test("what cannot be compared is told of before the first run", async () => {
  const { directory, cell, options } = await setUp();
  await using _ = directory;
  const refused = (cell: Cell) =>
    made(directory.path, { ...options, cells: [options.cells[0], cell] });
  await assertRejects(() => refused({ ...cell, heads: 3 }), UsageError, "3 heads do not divide");
  await assertRejects(
    () => refused({ ...cell, data: "nowhere.jsonl" }),
    UserError,
    "nowhere.jsonl",
  );
  await assertRejects(
    () => refused({ ...cell, batch: 2 ** 20 }),
    UserError,
    "cannot hold width 16, layers 1, context 16, batch 1048576: ",
  );
  await assertRejects(
    () => refused({ ...cell, context: 512 }),
    UserError,
    "validation",
  );
  using store = await RunStore.open(directory.path);
  assertEquals(store.records, []);
});
