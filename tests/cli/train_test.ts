import { existsSync } from "node:fs";
import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertGreater,
  assertLess,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { fromFileUrl } from "@std/path";
import { TextLineStream } from "@std/streams/text-line-stream";
import { KINDS } from "../../src/data/files/format.ts";
import { frame, jsonl, texts } from "../data/fixtures.ts";
import { assertFails, corpusDirectory, readLosses, runTask, TINY } from "./helpers.ts";
import { inTerminal, terminalTest } from "./pseudo_terminal.ts";

const TRAIN = fromFileUrl(new URL("../../src/cli/train.ts", import.meta.url));
const CORPUS = ["--data", "corpus.jsonl"];

Deno.test("training writes a run, from which training goes on", async () => {
  await using directory = await corpusDirectory();
  const cwd = directory.path;
  const first = await runTask("train", [
    ...[...CORPUS, ...TINY, "--steps", "60", "--eval-every", "30", "--out", "runs/first"],
  ], { cwd });
  assertEquals(first.stderr, "");
  assertEquals(first.code, 0);
  // Without a terminal plain lines, some of the steps but every evaluation.
  assertMatch(first.stdout, /^GPT-2 with [\d,]+ parameters: layers 1, heads 2, width 16, /);
  assertMatch(first.stdout, /\n60 steps of 32 tokens with AGD on [^\n]*, to runs\/first\n/);
  assertMatch(
    first.stdout,
    /\nstep 30\/60 {2}loss \d\.\d{4} {2}val \d\.\d{4} {2}step size \S+ {2}[\d,]+ tok\/s {2}\S+ left\n/,
  );
  assertMatch(first.stdout, /\n--- sample after step 60 ---\n/);
  assertMatch(
    first.stdout,
    /\nTrained 60 steps\. The best validation loss was [^]*\. Saved [^]* --checkpoint runs\/first /,
  );
  assertEquals(first.stdout.includes("\x1b"), false);
  assertHoldsRun(`${cwd}/runs/first`);
  assertMatch(await Deno.readTextFile(`${cwd}/runs/first/loss.svg`), /^<svg [^]*<\/svg>\s*$/);
  const losses = await readLosses(`${cwd}/runs/first`);
  assertEquals(losses.length, 60);
  const saved = losses[59].val_loss!;
  assertLess(saved, losses[0].loss - 1);

  const second = await runTask("train", [
    ...[...CORPUS, "--init-from", "runs/first", "--batch", "4", "--steps", "3"],
    ...["--out", "runs/second", "--json", "--sample-every", "2"],
  ], { cwd });
  assertEquals(second.stderr, "");
  assertEquals(second.code, 0);
  const events = second.stdout.trim().split("\n").map((line) => JSON.parse(line));
  assertEquals(events.map(({ event }) => event), [
    ...["start", "compile", "step", "step", "sample", "step", "save", "sample", "end"],
  ]);
  const [start, ...steps] = events.filter(({ event }) => event === "start" || event === "step");
  assertEquals(start.config.width, 16);
  assertEquals(start.steps, 3);
  assertAlmostEquals(steps[0].loss, saved, 0.5);
  assertEquals(
    steps.map(({ event: _, steps: __, seconds_left: ___, ...metrics }) => metrics),
    await readLosses(`${cwd}/runs/second`),
  );
  assertEquals(events.at(-1), {
    ...{ event: "end", step: 3, out: "runs/second", interrupted: false },
    ...{ skipped: 0, skipped_steps: 0 },
    best: { step: 3, val_loss: steps[2].val_loss },
  });
});

Deno.test("the same seed gives the same losses", async () => {
  await using directory = await corpusDirectory();
  const losses = async (seed: string, out: string) => {
    const { stdout } = await runTask("train", [
      ...[...CORPUS, ...TINY, "--steps", "2", "--seed", seed, "--out", out, "--quiet"],
    ], { cwd: directory.path });
    assertMatch(stdout, /^Trained 2 steps\.[^\n]*\n[^\n]*\n$/); // and nothing else
    return (await readLosses(`${directory.path}/${out}`)).map(({ loss }) => loss);
  };
  const [one, again, other] = await Promise.all([
    ...[losses("1", "one"), losses("1", "again"), losses("2", "other")],
  ]);
  assertEquals(one, again);
  assert(one[0] !== other[0]);
});

Deno.test("a run of so many minutes has a step at least, and goes on for more", async () => {
  await using directory = await corpusDirectory();
  const cwd = directory.path;
  const train = async (...args: string[]) => {
    const { stdout, stderr, code } = await runTask("train", [...args, "--json"], { cwd });
    assertEquals([stderr, code], ["", 0]);
    return stdout.trim().split("\n").map((line) => JSON.parse(line));
  };
  const [start, ...events] = await train(
    ...[...CORPUS, ...TINY, "--minutes", "0.0001", "--eval-batches", "1", "--out", "run"],
  );
  assertEquals([start.seconds, "steps" in start], [0.006, false]);
  const steps = events.filter(({ event }) => event === "step");
  assertEquals(steps.map(({ step, steps, seconds_left }) => [step, steps, seconds_left]), [
    [1, 1, 0],
  ]);
  assertGreater(steps[0].val_loss, 0);
  assertHoldsRun(`${cwd}/run`);
  const more = await train("--resume", "run", "--hours", "0.0000001");
  assertEquals(more[1].changes, ["--minutes 0.0001 became --hours 0.0000001 more"]);
  assertEquals(more.at(-1).step, 2);
  const over = await train("--resume", "run");
  assertEquals(over.filter(({ event }) => event === "step"), []);
});

/** Where the system tells: no `mpirun` started the process. */
async function assertLoadsNoMpi(pid: number): Promise<void> {
  if (Deno.build.os !== "linux") return;
  assertEquals((await Deno.readTextFile(`/proc/${pid}/maps`)).match(/\S*libmpi\S*/), null);
}

Deno.test("an interrupted run is saved", async (t) => {
  await using directory = await corpusDirectory();
  const cwd = directory.path;
  const signals: ["SIGINT" | "SIGTERM", number][] = [["SIGINT", 130], ["SIGTERM", 143]];
  for (const [signal, code] of signals) {
    await t.step({
      ...{ name: signal, ignore: Deno.build.os === "windows" },
      fn: async () => {
        const child = new Deno.Command(Deno.execPath(), {
          args: [
            ...["run", "--allow-all", TRAIN, ...CORPUS, ...TINY, "--steps", "1000000"],
            ...["--out", signal, "--json"],
          ],
          ...{ cwd, stdin: "null", stdout: "piped", stderr: "piped" },
        }).spawn();
        const lines: string[] = [];
        const reader = child.stdout.pipeThrough(new TextDecoderStream())
          .pipeThrough(new TextLineStream());
        for await (const line of reader) {
          lines.push(line);
          const { step } = JSON.parse(line);
          if (step === 2) {
            await assertLoadsNoMpi(child.pid);
            child.kill("SIGHUP"); // without a terminal there is none to be closed
          }
          if (step !== 3) continue;
          // Deno's task runner passes on what the terminal has sent already.
          child.kill(signal);
          child.kill(signal);
        }
        assertEquals((await child.status).code, code);
        assertEquals(await new Response(child.stderr).text(), "");
        const events = lines.map((line) => JSON.parse(line));
        const end = events.at(-1);
        assertEquals(events.filter(({ event }) => event === "stopping").length, 1);
        assertEquals([end.event, end.interrupted, end.out], ["end", true, signal]);
        assertEquals((await readLosses(`${cwd}/${signal}`)).length, end.step);
        assertStringIncludes(await Deno.readTextFile(`${cwd}/${signal}/loss.svg`), "</svg>");
        assertHoldsRun(`${cwd}/${signal}`);
        const sample = ["--checkpoint", signal, "--max-tokens", "1", "--prompt", "the"];
        assertEquals((await runTask("sample", sample, { cwd })).stdout.slice(0, 3), "the");
      },
    });
  }
});

Deno.test({
  ...terminalTest("a run whose terminal is closed is saved"),
  fn: async () => {
    await using directory = await corpusDirectory();
    const cwd = directory.path;
    const train = [
      ...[Deno.execPath(), "run", "--allow-all", TRAIN, ...CORPUS, ...TINY],
      ...["--steps", "1000000", "--out", "run"],
    ];
    const output = { stdin: "null", stdout: "null", stderr: "null" } as const;
    const script = inTerminal(train, { cwd, ...output }).spawn();
    const [metrics, lock] = [`${cwd}/run/metrics.jsonl`, `${cwd}/run/run.lock`];
    await waitFor(() => existsSync(metrics) && Deno.statSync(metrics).size > 0);
    const pid = Deno.readTextFileSync(lock).trim();
    try {
      script.kill("SIGKILL");
      await script.status;
      await waitFor(() => !existsSync(lock));
    } finally {
      if (existsSync(lock)) new Deno.Command("kill", { args: ["-9", pid] }).outputSync();
    }
    assertHoldsRun(`${cwd}/run`);
    const steps = (await readLosses(`${cwd}/run`)).length;
    const last = `checkpoints/step-${String(steps).padStart(6, "0")}`;
    assert(existsSync(`${cwd}/run/${last}/model.safetensors`));
  },
});

Deno.test("a dry run says what training takes", async () => {
  await using directory = await corpusDirectory();
  const cwd = directory.path;
  // The data is not read: there is none.
  const args = ["--preset", "gpt2", "--data", "nothing", "--batch", "1", "--steps", "3"];
  args.push("--dry-run");
  const [text, json] = await Promise.all([
    ...[runTask("train", args, { cwd }), runTask("train", [...args, "--json"], { cwd })],
  ]);
  assertMatch(
    text.stdout,
    new RegExp(
      "^parameters {2}124,439,808\\nmemory {6}\\S+ GiB with --batch 1\\n" +
        "host {8}1.39 GiB more while a checkpoint is written\\nadapter .*: holds it\\n" +
        "time {8}about \\S+ \\S+ a step, 3 steps in \\S+ \\S+: an estimate, by parts of a step\\n$",
    ),
  );
  assertEquals(text.code, 0);
  const { event, parameters, memory, host_memory, fits, ...time } = JSON.parse(json.stdout);
  assertEquals([event, parameters, fits], ["dry-run", 124_439_808, true]);
  // Three steps, and an evaluation of 8 batches.
  assertEquals(time.steps, 3);
  assertAlmostEquals(time.seconds / time.seconds_per_step, 3 + 8 / 3, 1e-9);
  // Weights, their average, gradients and momentum, of which all but the gradients are saved, the
  // optimiser's count of steps, and what it knows of each embedding row.
  assertGreater(memory, 4 * 4 * 124_439_808);
  assertLess(memory, 3.5e9);
  assertEquals(host_memory, 3 * 4 * 124_439_808 + 16 + 4 * (50_257 + 1024));

  const large = await runTask("train", ["--preset", "gpt2-xl", "--batch", "1000", "--dry-run"], {
    cwd,
  });
  assertMatch(
    large.stdout,
    /^parameters {2}1,557,611,200\nmemory {6}\S+ TiB with --batch 1000\nhost .*\nadapter .*: cannot hold it\n$/,
  );
  assertMatch(
    large.stderr,
    /^error: [^\n]*(: the largest batch that fits is| even with --batch 1)[^\n]*\n$/,
  );
  assertEquals(large.code, 1);
  assertEquals(filesIn(cwd), ["corpus.jsonl"]);
});

Deno.test("help lists the options", async () => {
  const { stdout, stderr, code } = await runTask("train", ["--help"], { cwd: "." });
  for (const option of ["--preset NAME", "--no-affine", "--init-from DIR", "--skip-bad"]) {
    assertStringIncludes(stdout, `\n  ${option} `);
  }
  assertEquals([code, stderr], [0, ""]);
});

Deno.test("a wrong call is told in one line", async () => {
  const wrong: [string, string][] = [
    ["--stpes 3", "unknown option '--stpes': did you mean --steps?"],
    ["--steps", "--steps needs a value: --steps N"],
    ["--steps some", "--steps must be a number, not 'some'"],
    ["--eval-every 0", "--eval-every must be an integer of 1 or more, not 0"],
    [
      "--preset huge",
      "--preset must be one of tiny, gpt2, gpt2-medium, gpt2-large, gpt2-xl, not 'huge'",
    ],
    [
      "--heads 3",
      "3 heads do not divide a width of 128: choose a width that is a multiple of the number of heads",
    ],
    [
      "--lr 1",
      "--lr is for adamw and sgd: agd derives its step size from the architecture and the gradient",
    ],
    ["--optimizer sgd --lr 0", "--lr must be above 0, not 0"],
    ["--optimizer adamw --norm spectral", "--norm is for agd, not adamw"],
    ["--steps 2 --tokens 64", "--steps and --tokens say the same: give one of them"],
    ["--minutes 2 --hours 1", "--minutes and --hours say the same: give one of them"],
    ["--minutes 0", "--minutes must be above 0, not 0"],
    ["--hours soon", "--hours must be a number, not 'soon'"],
    ["--quiet --json", "--quiet and --json exclude each other"],
    ["--quiet --verbose", "--quiet and --verbose exclude each other"],
    ["--init-from a --width 8", "--width cannot go with --init-from, which decides it"],
  ];
  await Promise.all(wrong.map(async ([args, message]) => {
    assertFails(await runTask("train", args.split(" "), { cwd: "." }), 2, message);
  }));
});

Deno.test("bad input is told in one line", async () => {
  await using directory = await corpusDirectory();
  const cwd = directory.path;
  const whole = frame(jsonl(texts(60, 40)));
  await directory.write("cut.jsonl.zst", whole.subarray(0, whole.length - 9));
  await directory.write("text.jsonl", '{"text": "good"}\noops\n');
  await directory.write("key.jsonl", '{"title": "no text"}\n');
  await directory.write("short.jsonl", jsonl(["Short.", "Two."]));
  await directory.write("empty/notes.md", "");
  await directory.write("run/metrics.jsonl", "{}\n");
  const train = (...args: string[]) =>
    runTask("train", [...TINY, "--steps", "1", ...args], { cwd });

  const bad: [string, string][] = [
    ["--data nothing", "no such file or directory: nothing"],
    ["--data no/*.jsonl", `no ${KINDS} file matches no/*.jsonl`],
    [
      "--data empty",
      `no ${KINDS} file in the directory empty; of empty/notes.md: copy it to a name that ends in .txt`,
    ],
    [
      "--data text.jsonl",
      "text.jsonl:2: not JSON (the line begins at byte 17); skip such lines with --skip-bad",
    ],
    [
      "--data key.jsonl",
      'key.jsonl:1: no "text" (the line begins at byte 0); skip such lines with --skip-bad',
    ],
    [
      "--data cut.jsonl.zst",
      `cut.jsonl.zst is truncated: it ends at byte ${whole.length - 9}, inside a zstd frame; ` +
      "download it again, or keep what is whole with --skip-bad",
    ],
    [
      "--data corpus.jsonl --out run",
      "run/metrics.jsonl is no log of a run: remove it, or choose another --out",
    ],
    [
      "--data corpus.jsonl --out corpus.jsonl/run",
      "corpus.jsonl/run: cannot write: Not a directory",
    ],
  ];
  await Promise.all(bad.map(async ([args, message]) => {
    assertFails(await train(...args.split(" ")), 1, message);
  }));

  assertFails(
    await runTask("train", ["--init-from", "no"], { cwd }),
    1,
    "no directory no: name a checkpoint's, or owner/name of a model on the Hugging Face Hub",
  );
  const short = await train("--data", "short.jsonl");
  assertMatch(
    short.stderr,
    /^error: short\.jsonl: the \w+ part is shorter than one window of 17 tokens; [^\n]*\n$/,
  );
  assertEquals(short.code, 1);
  // None of them left anything behind.
  assertEquals(filesIn(cwd).includes("runs"), false);

  const skipped = await train("--data", "corpus.jsonl", "--data", "text.jsonl", "--skip-bad");
  assertMatch(skipped.stdout, /\nTrained 1 step\. Skipped 1 bad line\. /);
  assertEquals([skipped.code, skipped.stderr], [0, ""]);
});

Deno.test({
  name: "without an adapter it says what to install",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    await using directory = await corpusDirectory();
    const outcome = await runTask("train", CORPUS, {
      cwd: directory.path,
      env: {
        ...{ DENO_WEBGPU_BACKEND: "vulkan", VK_DRIVER_FILES: "/none", VK_ICD_FILENAMES: "/none" },
      },
    });
    assertFails(
      outcome,
      1,
      "no WebGPU adapter found: install a GPU driver with Vulkan, Metal or Direct3D 12, or " +
        "Mesa's software driver (Debian: apt-get install mesa-vulkan-drivers libvulkan1)",
    );
  },
});

/** Asserts that a run has left what it should, and nothing of what it works with. */
function assertHoldsRun(directory: string): void {
  const files = new Set(filesIn(directory));
  const expected = ["checkpoints", "config.json", "loss.svg", "metrics.jsonl", "model.safetensors"];
  assertEquals(expected.filter((name) => !files.has(name)), []);
  assertEquals([...files].filter((name) => /\.(lock|tmp)$/.test(name)), []);
}

async function waitFor(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries++) {
    assertLess(tries, 600, "waits for too long");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function filesIn(directory: string): string[] {
  return [...Deno.readDirSync(directory)].map(({ name }) => name).sort();
}
