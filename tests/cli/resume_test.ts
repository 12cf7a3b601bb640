import {
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { Arguments } from "../../src/cli/arguments.ts";
import { keptOptions, resumedOptions } from "../../src/cli/resume.ts";
import { UsageError, UserError } from "../../src/errors.ts";
import { PRESETS } from "../../src/model/config.ts";
import type { SavedRun } from "../../src/run/saved_run.ts";
import { readMetrics } from "../../src/run/metrics.ts";
import { RunLock } from "../../src/run/run_lock.ts";
import { jsonl, texts } from "../data/fixtures.ts";
import { assertFails, corpusDirectory, readLosses, runTask, TINY } from "./helpers.ts";

Deno.test("a run keeps the names of data sets, and the paths of files from anywhere", () => {
  const data = ["hf://datasets/me/texts@0123/data?split=train", "https://a.org/b.txt", "/c.txt"];
  const kept = keptOptions(new Arguments({ data: ["x"] }), { data, out: "runs/a", steps: 1 });
  assertEquals(kept.data, data);
  const keptTask = (file: string) => {
    const options = new Arguments({ "eval-task": [`lambada=${file}`] });
    return keptOptions(options, { data, out: "runs/a", steps: 1 })["eval-task"];
  };
  assertEquals(keptTask("a.jsonl"), [`lambada=${Deno.cwd()}/a.jsonl`]);
  assertEquals(keptTask("https://a.org/b"), ["lambada=https://a.org/b"]);
});

Deno.test("a run goes on with its options, but those given again", async () => {
  await using directory = await corpusDirectory();
  const cwd = directory.path;
  const train = (...args: string[]) => runTask("train", args, { cwd });
  const started = await train(
    ...["--data", "corpus.jsonl", ...TINY, "--optimizer", "adamw", "--lr", "0.01", "--steps", "4"],
    ...["--eval-every", "2", "--no-shuffle", "--min-tokens", "3", "--out", "run"],
  );
  assertEquals([started.code, started.stderr], [0, ""]);

  const args = ["--optimizer", "adamw", "--width", "16", "--data", "corpus.jsonl", "--batch", "4"];
  const resumed = await train("--resume", "run", ...args, "--steps", "6");
  assertEquals([resumed.code, resumed.stderr], [0, ""]);
  assertStringIncludes(
    resumed.stdout.replace(/^Compiling \d+ kernels\.\n/m, ""),
    "\nGoes on after step 4, from run/checkpoints/step-000004.\n" +
      "Changed: --batch was 2, and is 4.\nChanged: --steps was 4, and is 6.\nstep 5/6 ",
  );
  assertMatch(resumed.stdout, /\nstep 6\/6 .* val .* lr /);
  assertMatch(resumed.stdout, /\nTrained 6 steps\..* in run; /);
  assertEquals((await readLosses(`${cwd}/run`)).length, 6);

  const json = await train(
    ...["--resume", "run", "--tokens", "1024", "--accumulate", "2", "--seed", "7", "--json"],
  );
  const events = json.stdout.trim().split("\n").map((line) => JSON.parse(line));
  assertEquals(events[0].tokens_per_step, 128); // 2 times 4 times 16
  assertEquals(events[0].steps, 8);
  assertEquals(events[1], {
    ...{ event: "resume", step: 6, checkpoint: "run/checkpoints/step-000006" },
    changes: [
      "--steps was 6, and is what --tokens 1024 says",
      "--accumulate was not given, and is 2",
      "--seed was not given, and is 7",
    ],
  });
  assertEquals(events[2], {
    event: "note",
    text: "Reads the data from its beginning: the run was at a place in seed 0.",
  });
  assertEquals(events.at(-1).step, 8);

  const done = await train("--resume", "run");
  assertMatch(
    done.stdout,
    /\nNothing was left to do: it is at step 8 already\. --steps asks for more\. The best .*\.\n$/,
  );
  assertEquals(done.stdout.includes("Timed the kernels"), false); // --no-autotune, as before
  const nothing = await train("--resume", "run", "--out", "elsewhere");
  assertEquals(
    [nothing.code, nothing.stderr],
    [
      1,
      "error: run/checkpoints/step-000008 is of step 8 already, so that nothing would be written " +
      "to elsewhere: train for more than 8 steps, or copy it\n",
    ],
  );
  await assertRejects(() => Deno.stat(`${cwd}/elsewhere`), Deno.errors.NotFound);
  {
    // Of a run that goes on elsewhere nothing is written, nor does it matter who else writes there.
    using _lock = new RunLock(`${cwd}/run`);
    const changed = () => {
      const entries = [
        "run",
        ...[...Deno.readDirSync(`${cwd}/run`)].map(({ name }) => `run/${name}`),
      ];
      return entries.map((name) => [name, Deno.statSync(`${cwd}/${name}`).mtime]);
    };
    const before = changed();
    const other = await train("--resume", "run", "--out", "other", "--steps", "9");
    assertEquals([other.code, other.stderr], [0, ""]);
    assertMatch(other.stdout, /\nTrained 9 steps\..* in other; /);
    assertEquals(changed(), before);
  }

  await Deno.rename(`${cwd}/corpus.jsonl`, `${cwd}/moved.jsonl`);
  const where = "if the run's data is elsewhere now, say so with --data";
  assertFails(
    await train("--resume", "run"),
    1,
    `no such file or directory: ${await Deno.realPath(cwd)}/corpus.jsonl; ${where}`,
  );
  assertFails(
    await train("--resume", "run", "--data", "corpus.jsonl"),
    1,
    "no such file or directory: corpus.jsonl",
  );
  await Deno.rename(`${cwd}/moved.jsonl`, `${cwd}/corpus.jsonl`);

  const refused: [args: string, what: string][] = [
    ["--width 32", "width 16, not 32"],
    ["--preset gpt2", "layers 1, not 12"],
    ["--no-bias", "biases true, not false"],
    ["--vocab full", "vocabulary compact, not full"],
    ["--optimizer agd", "optimizer adamw, not agd"],
    ["--norm spectral", "norm none, not spectral"],
  ];
  for (const [args, what] of refused) {
    assertFails(
      await train("--resume", "run", ...args.split(" ")),
      1,
      `the run in run has ${what}, which a run keeps: start a new one, e.g. with --init-from`,
    );
  }
  assertFails(
    await train("--resume", "run", "--init-from", "run"),
    2,
    "--init-from cannot go with --resume",
  );
  assertFails(
    await train("--resume", "none"),
    1,
    "none: there is no checkpoint to resume from; name a run's directory, or start a new run",
  );
});

Deno.test("an option that the run has already may be given again", () => {
  const state = { optimizer: "agd spectral, vectors own, embeddings rows, f16", options: {} };
  const run = { directory: "run", checkpoint: "run/checkpoints/step-000001", state } as SavedRun;
  const model = { ...PRESETS.tiny, vocabularySize: 300, bias: true, affine: true };
  const given = { norm: "spectral", optimizer: "agd", precision: "f16", layers: "4" };
  const { changes } = resumedOptions(new Arguments(given), run, { model });
  assertEquals(changes, []);
  const error = assertThrows(
    () => resumedOptions(new Arguments({ norm: "frobenius" }), run, { model }),
    UserError,
  );
  assertMatch(error.message, /^the run in run has norm spectral, not frobenius, which a run keeps/);
});

Deno.test("tasks are measured on, also of a run from before there could be several", () => {
  const model = { ...PRESETS.tiny, vocabularySize: 300, bias: true, affine: true };
  const resumed = (task: unknown, given: Record<string, string[]>) => {
    const state = { optimizer: "agd spectral, vectors own", options: { "eval-task": task } };
    const run = { directory: "run", checkpoint: "run/checkpoints/step-000001", state };
    const resumed = resumedOptions(new Arguments(given), run as unknown as SavedRun, { model });
    return [resumed.options.list("eval-task"), resumed.changes];
  };
  const [one, two] = ["lambada=/a", "wikitext=/b"];
  assertEquals(resumed(one, {}), [[one], []]);
  assertEquals(resumed([one, two], { "eval-task": [one, two] }), [[one, two], []]);
  assertEquals(resumed([one], { "eval-task": [two] }), [
    [two],
    ["--eval-task was lambada=/a, and is wikitext=/b"],
  ]);
  assertThrows(() => resumed([1], {}), UserError, "is damaged: --eval-task cannot be [1]");
});

Deno.test("minutes that are given again are more of them, and no other length is kept", () => {
  const optimizer = "agd spectral, vectors own, embeddings rows";
  const resumed = (options: Record<string, string>, given: Record<string, string>) => {
    const state = { optimizer, options, seconds: 90 };
    const run = { directory: "run", checkpoint: "run/checkpoints/step-000001", state };
    const model = { ...PRESETS.tiny, vocabularySize: 300, bias: true, affine: true };
    const resumed = resumedOptions(new Arguments(given), run as unknown as SavedRun, { model });
    return [resumed.options.given(), resumed.changes];
  };
  const kept = { steps: "250", minutes: "3" };
  assertEquals(resumed(kept, {}), [kept, []]);
  assertEquals(resumed({ minutes: "3" }, { minutes: "3" }), [
    { minutes: "4.5" },
    ["--minutes 3 became --minutes 3 more"],
  ]);
  assertEquals(resumed(kept, { hours: "1" }), [
    { minutes: "61.5" },
    ["--steps 250 and --minutes 3 became --hours 1 more"],
  ]);
  assertEquals(resumed(kept, { steps: "400" }), [
    { steps: "400" },
    ["--steps 250 and --minutes 3 became --steps 400"],
  ]);
  assertEquals(resumed({ steps: "250" }, { steps: "400" }), [
    { steps: "400" },
    ["--steps was 250, and is 400"],
  ]);
  assertEquals(resumed({ steps: "250" }, { steps: "250" }), [{ steps: "250" }, []]);
  assertEquals(resumed({ steps: "250" }, { tokens: "900", minutes: "1" }), [
    { tokens: "900", minutes: "2.5" },
    ["--steps 250 became --tokens 900 and --minutes 1 more"],
  ]);
  assertThrows(() => resumed(kept, { minutes: "1", hours: "1" }), UsageError, "say the same");
});

Deno.test("a run of mixed sources goes on exactly", async () => {
  await using directory = await corpusDirectory();
  const cwd = directory.path;
  await Deno.writeTextFile(`${cwd}/small.jsonl`, jsonl(texts(8, 12, 9)));
  const train = async (...args: string[]) => {
    const { code, stderr } = await runTask("train", [...args, "--quiet"], { cwd });
    assertEquals([code, stderr], [0, ""]);
  };
  const mixed = ["--data", "corpus.jsonl", "--data", "small.jsonl", "--weight", "1,1"];
  const length = ["--eval-every", "4", "--eval-batches", "2", ...TINY];
  await train(...mixed, ...length, "--steps", "8", "--out", "whole");
  await train(...mixed, ...length, "--steps", "4", "--out", "run");
  await train("--resume", "run", "--steps", "8");
  const steps = async (run: string) =>
    (await readMetrics(`${cwd}/${run}/metrics.jsonl`))
      .map(({ loss, val_loss, epochs }) => [loss, val_loss, epochs]);
  const whole = await steps("whole");
  assertEquals(await steps("run"), whole);
  const [corpus, small] = whole.at(-1)![2] as number[];
  assertEquals([whole.length, corpus, small > 0], [8, 0, true]);
});
