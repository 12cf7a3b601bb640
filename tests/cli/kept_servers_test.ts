import { assertEquals, assertThrows } from "@std/assert";
import { keptServers } from "../../src/cli/kept_servers.ts";
import { UserError } from "../../src/errors.ts";
import type { SavedRun } from "../../src/run/saved_run.ts";
import { TempDir } from "../data/fixtures.ts";

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
