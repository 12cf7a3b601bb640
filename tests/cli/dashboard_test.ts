import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { TextLineStream } from "@std/streams/text-line-stream";
import { TempDir } from "../data/fixtures.ts";
import { assertFails, CONFIG, corpusDirectory, runTask, TINY } from "./helpers.ts";

Deno.test("the dashboard says what is wrong with its options", async () => {
  await using directory = new TempDir();
  await directory.write("file", "");
  const { path: cwd } = directory;
  const run = (...args: string[]) => runTask("dashboard", args, { cwd });
  const cases: [string[], 1 | 2, string][] = [
    [["--port", "65536"], 2, "--port must be at most 65535, not 65536"],
    [[], 1, "runs: cannot read: No such file or directory"],
    [["--runs", ".", "file"], 1, "file is no directory"],
    [["--runs", ".", "--host", "256.1.1.1"], 1, "--host 256.1.1.1: there is no such address"],
  ];
  const outcomes = await Promise.all(cases.map(([args]) => run(...args)));
  for (const [i, [, code, message]] of cases.entries()) {
    assertFails(outcomes[i], code, message);
  }
});

Deno.test("the dashboard prints its address, with a token for other machines", async () => {
  await using directory = new TempDir();
  await directory.write("one/run/metrics.jsonl", '{"step":1,"tokens":1,"loss":1}\n');
  await directory.write("two/metrics.jsonl", '{"step":1,"tokens":1,"loss":1}\n');
  const args = ["--runs", "one", "two", "--port", "0", "--host", "0.0.0.0"];
  const child = new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", "--config", CONFIG, "dashboard", ...args],
    ...{ cwd: directory.path, stdin: "null", stdout: "piped", stderr: "inherit" },
    env: { NO_COLOR: "1", INIT_CWD: directory.path },
  }).spawn();
  const output = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  try {
    const line = (await output.read()).value!;
    const [, port, token] = line.match(
      /^Shows one, two at http:\/\/0\.0\.0\.0:(\d+)\/([0-9a-f]{32})\/\n$/,
    )!;
    const ask = (path: string) => fetch(`http://127.0.0.1:${port}/${path}`);
    assertEquals(await (await ask("")).text(), "the address lacks its token\n");
    assertStringIncludes(await (await ask(`${token}/`)).text(), "<title>Runs</title>");
    const events = (await ask(`${token}/events`)).body!.getReader();
    const { value } = await events.read();
    assertMatch(new TextDecoder().decode(value), /"name":"run".*"name":"two"/);
    await events.cancel();
  } finally {
    child.kill();
    await child.status;
    await output.cancel();
  }
});

Deno.test("train --dashboard shows its run while it goes on, and prints where", async () => {
  await using directory = await corpusDirectory();
  const { path: cwd } = directory;
  const args = [
    ...["train", "--data", "corpus.jsonl", "--out", "new/run", "--steps", "100000"],
    ...["--eval-every", "10", "--keep", "1000", ...TINY],
  ];
  const child = new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", "--config", CONFIG, ...args, "--dashboard", "--json"],
    ...{ cwd, stdin: "null", stdout: "piped", stderr: "inherit" },
    env: { NO_COLOR: "1", INIT_CWD: cwd },
  }).spawn();
  const lines = child.stdout.pipeThrough(new TextDecoderStream())
    .pipeThrough(new TextLineStream())[Symbol.asyncIterator]();
  const until = async (event: string) => {
    while (true) {
      const told = JSON.parse((await lines.next()).value);
      if (told.event === event) return told;
    }
  };
  const { address } = await until("dashboard");
  await until("step");
  const response = await fetch(`${address}events?run=0/`);
  const events = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  assertMatch((await events.read()).value!, /"name":"run".*"state":"running"/);
  assertMatch((await events.read()).value!, /"loss":{"from":0,"buckets":\[\[1,32,/);
  await events.cancel();
  const { step } = await until("save");
  const reading = await fetch(`${address}reading?id=0/&step=${step}&text=the quiet moon`);
  assertMatch(await reading.text(), /^{"tokens":\[{"text":".*"layers":1,"heads":2,/);
  child.kill("SIGINT");
  await until("end");
  assertEquals((await child.status).code, 130);
});
