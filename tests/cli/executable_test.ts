import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { permissionFlags } from "../../src/cli/build.ts";
import { TASK_NAMES } from "../../src/cli/executable.ts";
import { TempDir } from "../data/fixtures.ts";
import { assertFails, CONFIG, corpusDirectory, readLosses, runTask, TINY } from "./helpers.ts";

const EXECUTABLE = fromFileUrl(new URL("../../src/cli/executable.ts", import.meta.url));

/** Whether the runtime that an executable embeds can be had. */
async function hasRuntime(): Promise<boolean> {
  if (Deno.env.has("DENORT_BIN")) return true;
  const url = `https://dl.deno.land/release/v${Deno.version.deno}/denort-${Deno.build.target}.zip`;
  return await fetch(url, { method: "HEAD", signal: AbortSignal.timeout(5000) })
    .then(({ ok }) => ok, () => false);
}

async function run(command: string, args: string[], cwd: string) {
  const { code, stdout, stderr } = await new Deno.Command(command, {
    args,
    cwd,
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** Runs what the executable runs, with its permissions, by the Deno that runs the tests. */
function runModule(args: string[], cwd: string) {
  const flags = ["-q", "--no-prompt", "--config", CONFIG, ...permissionFlags(Deno.build.target)];
  return run(Deno.execPath(), ["run", ...flags, EXECUTABLE, ...args], cwd);
}

Deno.test("executable: it lists its tasks, and refuses others, naming the nearest", async () => {
  const [help, none, wrong, early] = await Promise.all(
    [["--help"], [], ["trian"], ["--steps", "3"]].map((args) => runModule(args, ".")),
  );
  const { tasks } = JSON.parse(await Deno.readTextFile(CONFIG));
  for (const name of TASK_NAMES) {
    assertMatch(help.stdout, RegExp(`^  agd-gpt2 ${name} +${tasks[name].description}$`, "m"));
  }
  assertEquals([help.code, none.code, none.stderr], [0, 2, help.stdout]);
  const lists = "agd-gpt2 --help lists all";
  assertFails(wrong, 2, `there is no task 'trian': did you mean agd-gpt2 train? ${lists}`);
  assertFails(early, 2, `the task comes first, as in agd-gpt2 train --steps: ${lists}`);
});

Deno.test("executable: a task trains with its permissions, and hints name the executable", async () => {
  await using directory = await corpusDirectory();
  const args = [...TINY, "--data", "corpus.jsonl", "--steps", "2", "--out", "a"];
  const { code, stdout, stderr } = await runModule(["train", ...args], directory.path);
  assertEquals([code, stderr], [0, ""]);
  assertStringIncludes(stdout, "\n  agd-gpt2 sample --checkpoint a ");
  assertEquals((await readLosses(`${directory.path}/a`)).length, 2);
});

Deno.test("build: a system that is none is told of, the nearest named", async () => {
  const { code, stderr } = await runTask("build", ["--target", "x86_64-linux-gnu"], { cwd: "." });
  assertEquals(code, 2);
  assertMatch(stderr, /^error: --target must be one of x86_64-unknown-linux-gnu, .*\n$/);
});

Deno.test("build: that the runtime to embed cannot be downloaded is told of in one line", async () => {
  await using directory = new TempDir();
  const outcome = await runTask("build", ["--target", "aarch64-pc-windows-msvc"], {
    cwd: directory.path,
    env: { HTTPS_PROXY: "http://127.0.0.1:1" },
  });
  assertEquals([outcome.code, outcome.stdout], [1, ""]);
  assertMatch(
    outcome.stderr,
    /^error: cannot download the runtime to embed, https:.*; try again with a network, or .*\n$/,
  );
  assertEquals([...Deno.readDirSync(directory.path)], []);
});

Deno.test({
  name: "build: what was built trains where there is nothing else",
  ignore: !await hasRuntime(),
  fn: async () => {
    await using built = new TempDir();
    await using elsewhere = await corpusDirectory();
    const { code, stderr } = await runTask("build", [], { cwd: built.path });
    assertEquals([code, stderr], [0, ""]);
    const name = Deno.build.os === "windows" ? "agd-gpt2.exe" : "agd-gpt2";
    const program = `${elsewhere.path}/${name}`;
    await Deno.rename(`${built.path}/${name}`, program);
    const args = [...TINY, "--steps", "5", "--out", "mine"];
    const trained = await run(program, ["train", ...args], elsewhere.path); // the sample corpus
    assertEquals([trained.code, trained.stderr], [0, ""]);
    assertEquals((await readLosses(`${elsewhere.path}/mine`)).length, 5);
    const data = ["--data", "corpus.jsonl", "--out", "theirs"];
    const theirs = await run(program, ["train", ...args, ...data], elsewhere.path);
    assertEquals(theirs.code, 0);
  },
});
