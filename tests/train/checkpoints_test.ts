import { assert, assertEquals, assertRejects } from "@std/assert";
import { UserError } from "../../src/errors.ts";
import { Checkpoints } from "../../src/train/checkpoints.ts";
import { verifyManifest } from "../../src/train/manifest.ts";
import { TempDir } from "../data/fixtures.ts";

function namesIn(path: string): string[] {
  return [...Deno.readDirSync(path)].map(({ name }) => name).sort();
}

const write = (config: string) => async (directory: string) => {
  await Deno.writeTextFile(`${directory}/config.json`, config);
  await Deno.writeTextFile(`${directory}/training_state.json`, "{}");
};

Deno.test("a checkpoint is added as a whole, and its model published", async () => {
  await using directory = new TempDir();
  const { path } = directory;
  const checkpoints = new Checkpoints(path);
  assertEquals(checkpoints.steps(), []);
  await checkpoints.add(900_000, write("old"));
  await checkpoints.add(1_000_000, write("new"));
  assertEquals(checkpoints.steps(), [900_000, 1_000_000]);
  assertEquals(namesIn(checkpoints.path(1_000_000)), [
    ...["config.json", "manifest.json", "training_state.json"],
  ]);
  await verifyManifest(checkpoints.path(900_000));
  assertEquals(namesIn(path), ["checkpoints", "config.json"]);
  assertEquals(await Deno.readTextFile(`${path}/config.json`), "new");
  await checkpoints.publish(900_000);
  assertEquals(await Deno.readTextFile(`${path}/config.json`), "old");

  await checkpoints.prune((step) => step > 900_000);
  assertEquals(namesIn(`${path}/checkpoints`), ["step-1000000"]);
  assertEquals(await Deno.readTextFile(`${path}/config.json`), "old"); // of its own
});

Deno.test("one that fails, or was killed, leaves the others as they were", async () => {
  await using directory = new TempDir();
  const { path } = directory;
  const checkpoints = new Checkpoints(path);
  await checkpoints.add(1, write("whole"));
  const failing = async (temporary: string) => {
    assert(temporary.endsWith(".tmp"));
    await write("half")(temporary);
    await Deno.writeTextFile(`${temporary}/none/here`, "");
  };
  await assertRejects(() => checkpoints.add(2, failing), UserError, "/step-000002: cannot write");
  await directory.write("checkpoints/step-000003.tmp/config.json", "half");
  await directory.write("config.json.tmp", "half");
  assertEquals(checkpoints.steps(), [1]);
  await checkpoints.removeUnfinished();
  assertEquals(namesIn(`${path}/checkpoints`), ["step-000001"]);
  assertEquals(await Deno.readTextFile(`${path}/config.json`), "whole");
  await checkpoints.add(2, write("next"));
  assertEquals(await Deno.readTextFile(`${path}/config.json`), "next");
  assertEquals(namesIn(path), ["checkpoints", "config.json"]);
});

/** A directory in memory, so on another file system than most. */
const SHARED = "/dev/shm";

Deno.test({
  name: "where files cannot be linked, the model is copied",
  ignore: !isOtherFileSystem(SHARED),
  fn: async () => {
    await using directory = new TempDir();
    const { path } = directory;
    const elsewhere = Deno.makeTempDirSync({ dir: SHARED });
    try {
      Deno.symlinkSync(elsewhere, `${path}/checkpoints`);
      const checkpoints = new Checkpoints(path);
      await checkpoints.add(1, write("one"));
      await checkpoints.add(2, write("two"));
      assertEquals(await Deno.readTextFile(`${path}/config.json`), "two");
      assertEquals(namesIn(elsewhere), ["step-000001", "step-000002"]);
      assertEquals(namesIn(path), ["checkpoints", "config.json"]);
    } finally {
      Deno.removeSync(elsewhere, { recursive: true });
    }
  },
});

function isOtherFileSystem(path: string): boolean {
  const here = Deno.makeTempDirSync();
  try {
    return Deno.statSync(path).dev !== Deno.statSync(here).dev;
  } catch {
    return false; // there is none
  } finally {
    Deno.removeSync(here);
  }
}
