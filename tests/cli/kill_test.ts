import { assert, assertEquals, assertGreater, assertMatch } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { TextLineStream } from "@std/streams/text-line-stream";
import { verifyIfListed } from "../../src/checkpoint/manifest.ts";
import { openSafetensors } from "../../src/checkpoint/safetensors.ts";
import { Random } from "../../src/random.ts";
import { openRun } from "../../src/run/saved_run.ts";
import { assertFails, corpusDirectory, killAfter, readLosses, runTask, TINY } from "./helpers.ts";

/** How often the run is killed; `KILLS=50 deno task test tests/cli/kill_test.ts` takes minutes. */
const KILLS = Number(Deno.env.get("KILLS") ?? 8);

/** Longest time to the kill, from a round's first step or first save on: that of several of both. */
const LONGEST_MS = 400;

const TRAIN = fromFileUrl(new URL("../../src/cli/train.ts", import.meta.url));
const decoder = new TextDecoder();

/** A run that can be killed: not the task, which would be killed in its place. */
function spawnTrain(cwd: string, args: string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", TRAIN, ...args, "--json"],
    ...{ cwd, stdin: "null", stdout: "piped", stderr: "piped" },
  }).spawn();
}

/** Kills a run some time after its first step or save; returns its last save, and what it noted. */
async function killLater(child: Deno.ChildProcess, since: "step" | "save", afterMs: number) {
  let saved = 0;
  let kill: Disposable | undefined;
  const notes: string[] = [];
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream());
  for await (const line of lines) {
    if (!line.endsWith("}")) continue; // cut off by the kill
    const { event, step, text } = JSON.parse(line);
    if (event === since) kill ??= killAfter(child, afterMs);
    if (event === "save") saved = step;
    if (event === "note") notes.push(text);
  }
  const { signal } = await child.status;
  assertEquals([signal, await new Response(child.stderr).text()], ["SIGKILL", ""]);
  return { saved, notes };
}

Deno.test("a run that is killed, time and again, loses only the steps since its save", async () => {
  await using directory = await corpusDirectory();
  const cwd = directory.path;
  const start = [
    ...["--data", "corpus.jsonl", ...TINY, "--eval-every", "2", "--eval-batches", "1"],
    ...["--steps", "1000000", "--out", "run"],
  ];
  const random = new Random(1);
  let step = 0; // the newest that is known to be saved; the first round saves one
  let pid = 0;
  for (let kills = 0; kills < KILLS; kills++) {
    const child = spawnTrain(cwd, step === 0 ? start : ["--resume", "run"]);
    // Every second round saves, however slow the machine is; the others may be killed before.
    const since = kills % 2 === 0 ? "save" : "step";
    const { saved, notes } = await killLater(child, since, random.uniform() * LONGEST_MS);
    if (step > 0) {
      assertEquals(notes, [`Took over the lock of process ${pid}, which is dead.`]);
    }
    pid = child.pid;
    step = Math.max(step, saved);
    // Every checksum holds, and the model at the top is whole.
    const run = await openRun(`${cwd}/run`);
    run[Symbol.dispose]();
    await Deno.writeTextFile(`${cwd}/run/run.lock`, String(pid)); // as the process left it
    assert(run.state.step >= step, `step ${step} was saved, but ${run.state.step} is the last`);
    step = run.state.step;
    using _ = await openSafetensors(`${cwd}/run/model.safetensors`);
    await verifyIfListed(`${cwd}/run`);
  }
  assertGreater(step, 1);

  const steps = ["--steps", String(step + 3)];
  const end = await runTask("train", ["--resume", "run", ...steps, "--quiet"], { cwd });
  assertEquals([end.code, end.stderr], [0, ""]);
  const whole = await runTask("train", [...start.slice(0, -4), ...steps, "--out", "whole"], {
    cwd,
  });
  assertEquals([whole.code, whole.stderr], [0, ""]);
  const losses = async (name: string) => (await readLosses(`${cwd}/${name}`)).map((s) => s.loss);
  assertEquals(await losses("run"), await losses("whole"));
  assertEquals(
    await Deno.readFile(`${cwd}/run/model.safetensors`),
    await Deno.readFile(`${cwd}/whole/model.safetensors`),
  );
});

Deno.test("a second run in the same directory is refused with the first one's process", async () => {
  await using directory = await corpusDirectory();
  const cwd = directory.path;
  const args = ["--data", "corpus.jsonl", ...TINY, "--eval-every", "1", "--out", "run"];
  const child = spawnTrain(cwd, [...args, "--steps", "1000000"]);
  const reader = child.stdout.getReader();
  let output = "";
  while (!output.includes('"save"')) output += decoder.decode((await reader.read()).value);
  const drained = (async () => {
    while (!(await reader.read()).done);
  })();
  const message = `run is in use by process ${child.pid}: wait for it, or choose another one`;
  assertFails(await runTask("train", ["--resume", "run"], { cwd }), 1, message);
  assertFails(await runTask("train", args, { cwd }), 1, message);
  child.kill("SIGTERM");
  await drained;
  assertEquals([(await child.status).code, await new Response(child.stderr).text()], [143, ""]);
});

/** Mounts a file system of `size` in memory, if that is allowed here. */
function mount(path: string, size: string): boolean {
  return command("mount", "-t", "tmpfs", "-o", `size=${size}`, "tmpfs", path);
}

function command(name: string, ...args: string[]): boolean {
  try {
    return new Deno.Command(name, { args, stderr: "null" }).outputSync().success;
  } catch {
    return false;
  }
}

/** Whether file systems can be mounted: usually by root only. */
function canMount(): boolean {
  const path = Deno.makeTempDirSync();
  try {
    return mount(path, "1m") && command("umount", path);
  } finally {
    Deno.removeSync(path);
  }
}

Deno.test({
  name: "a full or read-only disk leaves the last checkpoint intact (needs the right to mount)",
  ignore: Deno.build.os !== "linux" || !canMount(),
  fn: async () => {
    await using directory = await corpusDirectory();
    const cwd = directory.path;
    const disk = `${cwd}/disk`;
    await Deno.mkdir(disk);
    mount(disk, "64m");
    try {
      const train = (...args: string[]) => runTask("train", [...args, "--quiet"], { cwd });
      const args = ["--data", "corpus.jsonl", ...TINY, "--eval-every", "2", "--steps", "4"];
      assertEquals((await train(...args, "--out", "disk/run")).code, 0);
      const last = "disk/run/checkpoints/step-000004";

      fill(`${disk}/filler`, 16 * 1024);
      const full = await train("--resume", "disk/run", "--steps", "100");
      assertMatch(
        full.stderr,
        /^error: disk\/run\/[^\n]*: cannot write: No space left on device[^\n]*; the last checkpoint is disk\/run\/checkpoints\/step-000004\n$/,
      );
      assertEquals([full.stdout, full.code], ["", 1]);
      (await openRun(`${cwd}/disk/run`))[Symbol.dispose]();
      await Deno.remove(`${disk}/filler`);
      const resumed = await train("--resume", "disk/run", "--steps", "6");
      assertEquals([resumed.code, resumed.stderr], [0, ""]);

      assert(command("mount", "-o", "remount,ro", disk));
      const readOnly = "disk/run/run.lock: cannot write: Read-only file system";
      assertFails(await train("--resume", "disk/run", "--steps", "8"), 1, readOnly);
      assert((await Deno.stat(`${cwd}/${last}/manifest.json`)).isFile);
      const elsewhere = await train(...args, "--out", "disk/other");
      assertFails(elsewhere, 1, "disk/other: cannot write: Read-only file system");
    } finally {
      command("umount", disk);
    }
  },
});

/** Writes a file until all but `left` bytes of its file system are used. */
function fill(path: string, left: number): void {
  using file = Deno.openSync(path, { write: true, create: true });
  const page = new Uint8Array(4096);
  let size = 0;
  try {
    while (true) size += file.writeSync(page);
  } catch {
    file.truncateSync(size - left);
  }
}
