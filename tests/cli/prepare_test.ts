import { assert, assertEquals, assertMatch } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { prepare } from "../../src/data/prepare/prepare.ts";
import { Random } from "../../src/random.ts";
import { frame, jsonl, TempDir, texts } from "../data/fixtures.ts";
import { assertFails, killAfter, runTask } from "./helpers.ts";

const PREPARE = fromFileUrl(new URL("../../src/cli/prepare.ts", import.meta.url));

/** The contents of the files in a directory, by name. */
async function contents(path: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for await (const { name } of Deno.readDir(path)) {
    files.set(name, (await Deno.readFile(`${path}/${name}`)).join());
  }
  return new Map([...files].sort());
}

Deno.test("prepare prints what it has written", async () => {
  await using dir = new TempDir();
  await dir.write("in/a.jsonl.zst", frame(jsonl(texts(50, 20))));
  const good = jsonl(texts(50, 20, 2));
  await dir.write("in/b.jsonl", good + "bad\n");
  const runTo = (out: string, ...args: string[]) =>
    runTask("prepare", ["--data", "in", "--out", out, ...args], { cwd: dir.path });
  const run = (...args: string[]) => runTo("out", ...args);
  assertFails(
    await runTo("failed"), // the other file may have been done before it fails
    1,
    `in/b.jsonl:51: not JSON (the line begins at byte ${good.length}); skip such lines with --skip-bad`,
  );
  const first = await run("--skip-bad");
  assertEquals(first.stderr, "");
  assertMatch(
    first.stdout.replace(/^read .* files done\n/gm, ""), // of which a slow machine prints some
    /^100 documents, [\d,]+ tokens \([\d,]+ for training, [\d,]+ for validation\) in \d+s\n2 files in out; skipped 1 bad line\n$/,
  );
  const again = await run("--skip-bad", "--json");
  const end = JSON.parse(again.stdout.trim().split("\n").at(-1)!);
  assertEquals([end.event, end.shards, end.doneBefore, end.documents], ["end", 2, 2, 100]);
  assertMatch((await run("--skip-bad", "--quiet")).stdout, /^100 documents.*\n.*2 of them done/);
});

Deno.test("prepare tells what is wrong with its arguments", async () => {
  await using dir = new TempDir();
  await dir.write("a.txt", "text");
  const run = (...args: string[]) => runTask("prepare", args, { cwd: dir.path });
  assertFails(await run("--out", "out"), 2, "--data PATH is needed");
  assertFails(await run("--data", "a.txt"), 2, "--out DIR is needed");
  const shard = await run("--data", "a.txt", "--out", "out", "--shard", "3/2");
  assertFails(shard, 2, "--shard must be such as 1/4, the first of four machines, not '3/2'");
});

Deno.test("prepare that is killed at any moment goes on to the same bytes", async () => {
  await using dir = new TempDir();
  for (let shard = 0; shard < 12; shard++) {
    await dir.write(`in/${shard}.jsonl.zst`, frame(jsonl(texts(400, 200, shard))));
  }
  const data = [`${dir.path}/in`];
  const [undisturbed, out] = [`${dir.path}/undisturbed`, `${dir.path}/out`];
  await prepare({ data, out: undisturbed });
  const expected = await contents(undisturbed);

  const random = new Random(Date.now());
  let kills = 0;
  let isWhole = false;
  // The first ones come before it has even started, on however fast a machine.
  for (let wait = 20; !isWhole; wait *= 1.3) {
    const args = ["run", "-A", "--no-check", PREPARE, "--data", data[0], "--out", out, "--quiet"];
    const child = new Deno.Command(Deno.execPath(), { args, stdout: "null", stderr: "piped" })
      .spawn();
    using _ = killAfter(child, wait * (1 + random.uniform()));
    const { success, signal, stderr } = await child.output();
    isWhole = success;
    if (signal === "SIGKILL") kills++;
    else assertEquals(new TextDecoder().decode(stderr), "");
    // Whatever bears its name is whole, at all times.
    for (const [name, bytes] of await contents(out).catch(() => new Map())) {
      if (/\.(bin|json)$/.test(name)) assertEquals(bytes, expected.get(name), name);
    }
  }
  assertEquals(await contents(out), expected);
  assert(kills > 0, "it was never killed");
});

for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
  Deno.test({
    name: `prepare that is stopped by ${signal} exits with ${code}, and leaves only what is whole`,
    ignore: Deno.build.os === "windows",
    fn: async () => {
      await using dir = new TempDir();
      const small = await dir.write("small.jsonl", jsonl(texts(20, 20)));
      const lines = new TextEncoder().encode(jsonl(texts(2000, 20)));
      let requests = 0;
      let chunks = 0;
      // A file without an end: asked about, read for how to split it, and then tokenized.
      await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, () => {
        requests++;
        const body = new ReadableStream({
          pull(controller) {
            controller.enqueue(lines);
            if (requests === 3 && ++chunks === 2) child.kill(signal);
          },
        });
        return new Response(body);
      });
      const url = `http://127.0.0.1:${server.addr.port}/endless.jsonl`;
      const out = `${dir.path}/out`;
      const child = new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", "--no-check", PREPARE, "--data", small, "--data", url, "--out", out],
        ...{ stdin: "null", stdout: "piped", stderr: "piped" },
      }).spawn();
      const outcome = await child.output();
      const [stdout, stderr] = [outcome.stdout, outcome.stderr].map((bytes) =>
        new TextDecoder().decode(bytes)
      );
      assertEquals([stderr, outcome.code, requests], ["", code, 3]);
      assertMatch(
        stdout,
        /^(read .*\n)*Stopping; Ctrl-C once more quits at once\.\n(read .*\n)*Stopped: [01] of 2 files are done in .*; the same command goes on\.\n$/,
      );
      const left = [...(await contents(out)).keys()].filter((name) =>
        !/^tokens_\w+\.(bin|json)$/.test(name)
      );
      assertEquals(left, []);
    },
  });
}
