import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { spoolInput } from "../../src/cli/standard_input.ts";
import { UsageError } from "../../src/errors.ts";
import { openRun } from "../../src/run/saved_run.ts";
import { frame, jsonl, TempDir, texts } from "../data/fixtures.ts";
import { assertFails, readLosses, runTask, TINY } from "./helpers.ts";

const TRAIN = fromFileUrl(new URL("../../src/cli/train.ts", import.meta.url));

/** A small corpus, as it comes from another program, which 40 steps read more than once. */
const CORPUS = jsonl(texts(20, 40));

/** The names in a directory; none if it is not there. */
function namesIn(path: string): string[] {
  try {
    return [...Deno.readDirSync(path)].map(({ name }) => name).sort();
  } catch {
    return [];
  }
}

Deno.test("a run on standard input goes on bit for bit, also where it was moved to", async () => {
  await using directory = new TempDir();
  const cwd = directory.path;
  const options = [...TINY, "--eval-every", "2", "--eval-batches", "2"];
  const train = (args: string[], stdin = "") => runTask("train", args, { cwd, stdin });

  await directory.write("stdin.jsonl", CORPUS);
  const whole = ["--data", "stdin.jsonl", ...options, "--steps", "40", "--out", "whole", "--quiet"];
  assertEquals((await train(whole)).code, 0);

  const started = await train(["--data", "-", ...options, "--steps", "20", "--out", "run"], CORPUS);
  assertEquals([started.code, started.stderr], [0, ""]);
  assertMatch(
    started.stdout,
    /^Takes standard input, [\d.]+ k?i?B, for documents, a line of JSON each, and keeps it in run\/stdin\.jsonl\.\n/,
  );
  await Deno.mkdir(`${cwd}/moved`);
  await Deno.rename(`${cwd}/run`, `${cwd}/moved/run`);
  const resumed = await train(["--resume", "moved/run", "--steps", "40", "--json"]);
  assertEquals([resumed.code, resumed.stderr], [0, ""]);
  assertEquals(resumed.stdout.includes('"note"'), false); // it goes on in the middle of the data

  const losses = async (name: string) => (await readLosses(`${cwd}/${name}`)).map((s) => s.loss);
  assertEquals(await losses("moved/run"), await losses("whole"));
  const model = (name: string) => Deno.readFile(`${cwd}/${name}/model.safetensors`);
  assertEquals(await model("moved/run"), await model("whole"));

  const other = await train(["--resume", "moved/run", "--steps", "41", "--out", "other"]);
  assertEquals([other.code, other.stderr], [0, ""]);
  using run = await openRun(`${cwd}/other`);
  const kept = await Deno.realPath(`${cwd}/moved/run/stdin.jsonl`);
  assertEquals([run.state.options.data, namesIn(`${cwd}/other`).includes("stdin.jsonl")], [
    ...[[kept], false],
  ]);
});

Deno.test("of a run that does not begin, and of a dry one, nothing is left", async () => {
  await using directory = new TempDir();
  const cwd = directory.path;
  const train = (stdin: string | Uint8Array<ArrayBuffer>, ...args: string[]) =>
    runTask("train", ["--data", "-", ...TINY, ...args], { cwd, stdin });
  assertFails(
    await train("", "--out", "run"),
    1,
    "standard input is empty: the program before may have failed, or found nothing",
  );
  const short = await train("a", "--out", "run", "--json");
  assertEquals(short.code, 1);
  assertMatch(short.stderr, /^error: the text is one passage/);
  assertFails(
    await train(CORPUS, "--data", "-"),
    2,
    "--data - is given twice: there is one standard input",
  );
  const dry = await train(new Uint8Array(frame(CORPUS)), "--dry-run", "--json");
  assertEquals([dry.code, dry.stderr], [0, ""]);
  const [note, measured] = dry.stdout.trim().split("\n").map((line) => JSON.parse(line));
  assertMatch(
    note.text,
    /^Takes standard input, [\d.]+ k?i?B, for documents, a line of JSON each\.$/,
  );
  assertEquals([measured.event, measured.fits], ["dry-run", true]);
  const unread = await train("", "--dry-run", "--vocab", "full", "--json");
  assertEquals([unread.code, unread.stderr], [0, ""]);
  assertEquals(namesIn(cwd), []);
});

Deno.test({
  name: "what is told to end while it waits for standard input leaves nothing",
  ignore: Deno.build.os === "windows",
  fn: endWhileWaiting,
});

async function endWhileWaiting(): Promise<void> {
  await using directory = new TempDir();
  const cwd = directory.path;
  const watcher = Deno.watchFs(cwd);
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", TRAIN, "--data", "-", ...TINY, "--out", "run"],
    ...{ cwd, stdin: "piped", stdout: "piped", stderr: "piped" },
  }).spawn();
  for await (const { paths } of watcher) if (paths.some((path) => /[/\\]run$/.test(path))) break;
  child.kill("SIGINT");
  const { code, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  assertEquals([code, decoder.decode(stdout), decoder.decode(stderr)], [130, "", ""]);
  assertEquals(namesIn(cwd), []);
}

Deno.test("prepare, inspect and eval take standard input too, and compare says why not", async () => {
  await using directory = new TempDir();
  const cwd = directory.path;
  const text = "The sun rose over the hill and the river ran on. ".repeat(100);
  const prepared = await runTask("prepare", ["--data", "-", "--out", "out"], { cwd, stdin: text });
  assertEquals([prepared.code, prepared.stderr], [0, ""]);
  assertMatch(
    prepared.stdout,
    /^Takes standard input, 4\.79 kiB, for one plain text\.\n1 document, /,
  );
  assertEquals(namesIn(`${cwd}/out`), [
    ...["tokens_000000.json", "tokens_train_000000.bin", "tokens_val_000000.bin"],
  ]);
  const env = { TMPDIR: cwd };
  const inspect = ["--data", "-", "--documents", "0", "--json"];
  const inspected = await runTask("inspect", inspect, { cwd, stdin: CORPUS, env });
  assertEquals([inspected.code, inspected.stderr], [0, ""]);
  assertEquals(JSON.parse(inspected.stdout).documents, 20);

  const train = ["--data", "out", ...TINY, "--steps", "1", "--out", "run", "--quiet"];
  assertEquals((await runTask("train", train, { cwd })).code, 0);
  const evaluate = ["--checkpoint", "run", "--json", "--data"];
  await directory.write("text.txt", text);
  const piped = await runTask("eval", [...evaluate, "-"], { cwd, stdin: text, env });
  assertEquals([piped.code, piped.stderr], [0, ""]);
  assertEquals(piped.stdout, (await runTask("eval", [...evaluate, "text.txt"], { cwd })).stdout);
  assertEquals(namesIn(cwd), ["out", "run", "text.txt"]);

  assertFails(
    await runTask("compare", ["--data", "-"], { cwd, stdin: CORPUS }),
    2,
    "--data - is not for compare, which reads its data anew for each run: write it to a file, and " +
      "name that",
  );
});

Deno.test("a terminal is not waited for", async () => {
  const { isTerminal } = Deno.stdin;
  Deno.stdin.isTerminal = () => true;
  try {
    await assertRejects(
      () => spoolInput(["-"], { task: "train" }),
      UsageError,
      "--data - reads standard input, which is a terminal: pipe data into it, e.g. cat *.md | ",
    );
  } finally {
    Deno.stdin.isTerminal = isTerminal;
  }
});
