import { assertEquals, assertRejects } from "@std/assert";
import { agdWith } from "../../src/compare/contender.ts";
import type { RunRecord } from "../../src/compare/record.ts";
import { RunStore } from "../../src/compare/store.ts";
import { UserError } from "../../src/errors.ts";
import { TempDir } from "../data/fixtures.ts";
import { adamw, recordOf } from "./helpers.ts";

async function add(out: string, record: RunRecord): Promise<void> {
  using store = await RunStore.open(out);
  await store.add(record);
}

Deno.test("a finished run is found by its settings, also by another process", async () => {
  await using directory = new TempDir();
  const out = `${directory.path}/new/results`;
  const records = [
    recordOf(agdWith(), [8, 6]),
    recordOf(agdWith(), [8, 7], { seed: 1 }),
    recordOf(adamw(0.001), [8, 5]),
    recordOf(adamw(0.001), [8, 4], { cell: { batch: 4 } }),
  ];
  {
    using store = await RunStore.open(out);
    for (const record of records) await store.add(record);
    await assertRejects(
      () => RunStore.open(out),
      UserError,
      `${out} is in use by process ${Deno.pid}: wait for it, or choose another one`,
    );
  }
  using opened = await RunStore.open(out);
  assertEquals(opened.records.length, 4);
  for (const record of records) {
    // whatever the order in which the settings were put together
    const reversed = Object.fromEntries(Object.entries(record.settings).reverse());
    assertEquals(opened.find(reversed as unknown as typeof record.settings), record);
  }
  const { settings } = recordOf(adamw(0.003), []);
  assertEquals(opened.find(settings), undefined);
  assertEquals(opened.find({ ...settings, evalEvery: 3 }), undefined);
});

Deno.test("a run of AGD with other settings than there are now is not taken for one of today", async () => {
  await using directory = new TempDir();
  const { growth: _, ...others } = agdWith().options;
  await add(directory.path, recordOf({ optimizer: "agd", options: others }, [8, 6]));
  using store = await RunStore.open(directory.path);
  assertEquals([store.outdated, store.records], [1, []]);
});

Deno.test("what a killed process left is no run, and a damaged file is told of", async () => {
  await using directory = new TempDir();
  const record = recordOf(agdWith(), [8, 6]);
  await add(directory.path, record);
  const [{ name }] = Deno.readDirSync(`${directory.path}/runs`);
  const path = `${directory.path}/runs/${name}`;
  const text = await Deno.readTextFile(path);
  await Deno.writeTextFile(`${path}.tmp`, text.slice(0, 50));
  {
    using opened = await RunStore.open(directory.path);
    assertEquals(opened.records, [record]);
  }

  const damaged = [
    text.slice(0, 50),
    "null",
    "{}",
    text.replace('"seed": 0', '"seed": 1'), // not the settings that the name stands for
  ];
  for (const content of damaged) {
    await Deno.writeTextFile(path, content);
    await assertRejects(
      () => RunStore.open(directory.path),
      UserError,
      `${path} is damaged: remove it, and the run is done again`,
    );
  }
});
