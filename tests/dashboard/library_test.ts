import { assertEquals } from "@std/assert";
import { Library } from "../../src/dashboard/library.ts";
import { stateOf } from "../../src/dashboard/summary.ts";
import { namedPipe, TempDir } from "../data/fixtures.ts";

const STEP =
  '{"step":4,"tokens":64,"loss":2.5,"seconds":8,"tokens_per_second":8,"data_wait_ms":0}\n';

Deno.test("runs and comparisons are found below a directory, and no link is followed", async () => {
  await using directory = new TempDir();
  await using outside = new TempDir();
  await outside.write("secret/metrics.jsonl", STEP);
  await outside.write("samples.jsonl", '{"step":1,"text":"secret"}\n');
  await directory.write("a/one/metrics.jsonl", STEP);
  await directory.write("a/one/checkpoints/step-000004/metrics.jsonl", STEP);
  await directory.write("b/run.json", "{}");
  await directory.write("c/compare.json", '{"cells":[]}');
  await directory.write(".hidden/metrics.jsonl", STEP);
  await directory.write("other/text.txt", "");
  await Deno.symlink(`${outside.path}/secret`, `${directory.path}/link`);
  await Deno.symlink(`${outside.path}/samples.jsonl`, `${directory.path}/b/samples.jsonl`);
  await Deno.symlink(`${outside.path}/secret/metrics.jsonl`, `${directory.path}/b/metrics.jsonl`);
  if (Deno.build.os !== "windows") namedPipe(`${directory.path}/a/one/samples.jsonl`);

  const library = new Library([await Deno.realPath(directory.path)], () => 0);
  const { runs, comparisons } = await library.look();
  assertEquals(runs.map(({ id, name }) => [id, name]), [["0/a/one", "a/one"], ["0/b", "b"]]);
  assertEquals(comparisons.map(({ id }) => id), ["0/c"]);
  assertEquals([runs[1].step, runs[1].sampleBytes], [0, 1].map(() => 0));
  assertEquals(await library.samples("0/b"), []);
  assertEquals(await library.samples("0/a/one"), []);
  await library.curves("0/b")!.read();
  assertEquals(library.curves("0/b")!.series.steps, 0);
  assertEquals(await library.comparison("0/c"), { cells: [] });
  for (const id of ["0/../secret", "0/link", "0/other", "", "constructor"]) {
    assertEquals([library.curves(id), await library.samples(id)], [undefined, undefined]);
    assertEquals(await library.comparison(id), undefined);
  }
});

Deno.test("a run's summary is read of small files and the end of its log", async () => {
  await using directory = new TempDir();
  await directory.write("run/metrics.jsonl", STEP);
  const state = { step: 4, best: { step: 4, val_loss: 2 }, options: { steps: "10", lr: "1" } };
  await directory.write("run/checkpoints/step-000004/training_state.json", JSON.stringify(state));
  await directory.write("run/checkpoints/step-000005.tmp/model.safetensors", "half");
  await directory.write("run/config.json", JSON.stringify({ n_layer: 2, name: "x".repeat(9999) }));
  const library = new Library([await Deno.realPath(directory.path)], () => 0);
  const [run] = (await library.look()).runs;
  assertEquals([run.step, run.steps, run.loss, run.tokensPerSecond], [4, 10, 2.5, 8]);
  assertEquals(run.secondsLeft, 12); // 6 steps of 16 tokens
  assertEquals(run.best, { step: 4, val_loss: 2 });
  assertEquals(run.options, { steps: "10", lr: "1" });
  assertEquals(run.config.n_layer, "2");
  assertEquals(run.config.name.length, 2000 + " … (cut)".length);
  assertEquals(run.checkpoints.map(({ step, bytes }) => [step, bytes]), [
    [4, JSON.stringify(state).length],
  ]);
});

Deno.test("the state of a run is what it says, unless it has been silent for too long", () => {
  const signs = {
    ...{ file: {}, isLocked: false, modified: 0, now: 60_000 },
    ...{ step: 10, steps: 10, tokens: 100, tokensPerSecond: 100 },
  };
  const of = (some: Partial<typeof signs>) => stateOf({ ...signs, ...some });
  assertEquals(of({ file: { state: "finished" } }), { state: "finished" });
  assertEquals(of({ file: { state: "interrupted" } }), { state: "interrupted" });
  assertEquals(of({ file: { state: "failed", message: "why" } }), {
    state: "failed",
    message: "why",
  });
  assertEquals(of({ file: { state: "running" } }), { state: "running" });
  const late = { file: { state: "running" }, now: 300_000 };
  assertEquals(of(late), { state: "silent", silentMinutes: 5 });
  assertEquals(of({ ...late, tokensPerSecond: 0.1 }), { state: "running" }); // steps of 100 s
  // of an earlier version
  assertEquals(of({ isLocked: true }), { state: "running" });
  assertEquals(of({ isLocked: true, now: 300_000 }), { state: "silent", silentMinutes: 5 });
  assertEquals(of({}), { state: "finished" });
  assertEquals(of({ step: 9 }), { state: "interrupted" });
});
