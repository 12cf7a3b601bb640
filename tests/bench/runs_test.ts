import { assertEquals, assertRejects } from "@std/assert";
import { keepRuns, readRuns, writeRuns } from "../../bench/runs.ts";
import { agdWith } from "../../src/compare/contender.ts";
import { RunStore } from "../../src/compare/store.ts";
import { UserError } from "../../src/errors.ts";
import { adamw, recordOf } from "../compare/helpers.ts";
import { TempDir } from "../data/fixtures.ts";

Deno.test("runs are kept without what no table shows, and say how AGD was called", async () => {
  await using directory = new TempDir();
  const path = `${directory.path}/runs.jsonl.zst`;
  const records = [
    recordOf(agdWith({ nesterov: false }), [8, 6.123456789], { seconds: 1.23456 }),
    recordOf(adamw(0.1), [], { diverged: "the loss is NaN", skipped: 2 }),
  ];
  await writeRuns(path, records);
  const [agd, diverged] = await readRuns(path);
  assertEquals(agd, {
    ...records[0],
    settings: {
      ...records[0].settings,
      contender: { ...agdWith({ nesterov: false }), name: "AGD, nesterov false" },
    },
    curve: [
      { step: 1, tokens: 100, val_loss: 8 },
      { step: 2, tokens: 200, val_loss: 6.1234568 },
    ],
    seconds: 1.23,
  });
  assertEquals(diverged, records[1]);
  const bytes = await Deno.readFile(path);
  await writeRuns(path, [agd, diverged]);
  assertEquals(await Deno.readFile(path), bytes);

  await Deno.writeFile(path, bytes.subarray(0, 100));
  await assertRejects(() => readRuns(path), UserError, `${path} is damaged: `);
});

Deno.test("keepRuns: the runs of a directory come to those that are kept", async () => {
  await using directory = new TempDir();
  const path = `${directory.path}/runs.jsonl.zst`;
  const out = `${directory.path}/out`;
  await assertRejects(() => keepRuns(path, out), UserError, `${out}: no runs of deno task compare`);
  const losses = async () => (await readRuns(path)).map(({ curve }) => curve[0].val_loss);
  const add = async (...records: ReturnType<typeof recordOf>[]) => {
    {
      using store = await RunStore.open(out);
      for (const record of records) await store.add(record);
    }
    await keepRuns(path, out);
  };
  await add(recordOf(agdWith(), [1]));
  assertEquals(await losses(), [1]);
  await add(recordOf(agdWith(), [2]), recordOf(agdWith(), [3], { seed: 1 }));
  assertEquals((await losses()).sort(), [2, 3]);
});
