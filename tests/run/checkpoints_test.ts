import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { UserError } from "../../src/errors.ts";
import { Checkpoints } from "../../src/run/checkpoints.ts";
import { verifyManifest } from "../../src/checkpoint/manifest.ts";
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
  assertEquals(namesIn(path), ["checkpoints", "config.json", "manifest.json"]);
  assertEquals(await Deno.readTextFile(`${path}/config.json`), "new");
  await verifyManifest(path);
  await checkpoints.publish(900_000);
  await checkpoints.publish(900_000);
  assertEquals(await Deno.readTextFile(`${path}/config.json`), "old");
  await verifyManifest(path);
  assertEquals(namesIn(path), ["checkpoints", "config.json", "manifest.json"]);

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
  assertEquals(namesIn(path), ["checkpoints", "config.json", "manifest.json"]);
});

Deno.test("what others put beside it is left alone", async () => {
  await using directory = new TempDir();
  const { path } = directory;
  const checkpoints = new Checkpoints(path);
  await checkpoints.add(1, write("one"));
  for (
    const name of ["step-7", "step-0000008", "step-99999999999999999999999", "step-000009.old"]
  ) {
    await Deno.mkdir(`${path}/checkpoints/${name}`);
  }
  assertEquals(checkpoints.steps(), [1]);
  await Deno.mkdir(`${checkpoints.path(1)}/.notes`);
  await checkpoints.publish(1);
  assertEquals(namesIn(path), ["checkpoints", "config.json", "manifest.json"]);
});

Deno.test("where files cannot be linked, the model is copied", async () => {
  await using directory = new TempDir();
  const { path } = directory;
  const checkpoints = new Checkpoints(path);
  const { link } = Deno;
  Deno.link = () => Promise.reject(new Deno.errors.NotSupported("no links here"));
  try {
    await checkpoints.add(1, write("one"));
    await checkpoints.add(2, write("two"));
  } finally {
    Deno.link = link;
  }
  assertEquals(await Deno.readTextFile(`${path}/config.json`), "two");
  assertEquals((await Deno.stat(`${path}/config.json`)).nlink, 1);
  assertEquals(namesIn(path), ["checkpoints", "config.json", "manifest.json"]);
  await verifyManifest(path);
});

Deno.test("nothing is written to where a link leads", async () => {
  await using directory = new TempDir();
  const path = `${directory.path}/run`;
  const precious = await directory.write("elsewhere/config.json", "precious");
  await Deno.mkdir(`${path}/checkpoints`, { recursive: true });
  const linked = ["config.json", "config.json.tmp", "manifest.json", "manifest.json.tmp"];
  for (const name of linked) await Deno.symlink(precious, `${path}/${name}`);
  await Deno.symlink(`${directory.path}/elsewhere`, `${path}/checkpoints/step-000001.tmp`);
  const checkpoints = new Checkpoints(path);
  await checkpoints.removeUnfinished();
  await checkpoints.add(1, write("mine"));
  assertEquals(await Deno.readTextFile(precious), "precious");
  assertEquals(namesIn(`${directory.path}/elsewhere`), ["config.json"]);
  assertEquals(await Deno.readTextFile(`${path}/config.json`), "mine");
  await verifyManifest(path);

  await Deno.rename(`${path}/checkpoints`, `${path}/others`);
  await Deno.symlink(`${path}/others`, `${path}/checkpoints`);
  assertThrows(
    () => new Checkpoints(path),
    UserError,
    "/checkpoints is a link, and nothing is written to where it leads: remove it",
  );
});
