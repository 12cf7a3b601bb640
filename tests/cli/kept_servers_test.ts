import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { keptServers } from "../../src/cli/kept_servers.ts";
import { UserError } from "../../src/errors.ts";
import type { SavedRun } from "../../src/run/saved_run.ts";
import { FileServer, serveFile } from "../data/file_server.ts";
import { jsonl, TempDir, texts } from "../data/fixtures.ts";
import { runTask, TINY } from "./helpers.ts";

Deno.test("a resumed run says its data's servers before it asks them", async () => {
  const corpus = new TextEncoder().encode(jsonl(texts(60, 40)));
  let isThere = true;
  await using server = new FileServer((request) =>
    isThere ? serveFile(request, corpus) : { status: 404 }
  );
  await using directory = new TempDir();
  const train = (...args: string[]) => runTask("train", args, { cwd: directory.path });
  const data = ["--data", `${server.url}/corpus.jsonl`];
  const first = await train(...data, ...TINY, "--steps", "1", "--out", "run", "--quiet");
  assertEquals([first.code, first.stderr], [0, ""]);
  isThere = false;
  const told = `Reads the run's data from ${server.url}.\n`;
  const resumed = await train("--resume", "run", "--steps", "2");
  assertEquals([resumed.code, resumed.stdout], [1, told]);
  assertStringIncludes(resumed.stderr, "if the run's data is elsewhere now, say so with --data");
  const again = await train("--resume", "run", "--steps", "2", ...data);
  assertEquals([again.code, again.stdout], [1, ""]);
});

Deno.test("servers of a run's data are told, but those of another user's run are not contacted", async () => {
  await using directory = new TempDir();
  await directory.write("training_state.json", "{}");
  const run = { directory: "run", checkpoint: directory.path } as SavedRun;
  const data = ["/home/a.txt", "https://a.org/x.txt", "http://b.org:8080/y.txt", "https://a.org/z"];
  assertEquals(keptServers(run, data), ["https://a.org", "http://b.org:8080"]);
  const { uid } = Deno;
  Deno.uid = () => 4_000_000; // somebody else
  try {
    assertEquals(keptServers(run, ["/home/a.txt"]), []);
    if (Deno.build.os === "windows") return; // which tells of no owner
    const error = assertThrows(() => keptServers(run, data), UserError);
    assertEquals(
      error.message,
      "the run in run is another user's, and its data is on https://a.org, http://b.org:8080: say " +
        "--data again, to have that contacted or to take other data",
    );
  } finally {
    Deno.uid = uid;
  }
});
