import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { UserError } from "../../src/errors.ts";
import { checkUnlocked, RunLock } from "../../src/run/run_lock.ts";
import { TempDir } from "../data/fixtures.ts";

const MODULE = new URL("../../src/run/run_lock.ts", import.meta.url);

/** A process that takes the lock of a directory and holds it until it is killed. */
async function holder(path: string): Promise<Deno.ChildProcess> {
  const code = `const { RunLock } = await import("${MODULE}");` +
    `globalThis.lock = new RunLock(${JSON.stringify(path)});` +
    `console.log("locked"); setInterval(() => {}, 1000);`;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["eval", code],
    ...{ stdin: "null", stdout: "piped", stderr: "inherit" },
  }).spawn();
  const reader = child.stdout.getReader();
  assertMatch(new TextDecoder().decode((await reader.read()).value), /^locked/);
  await reader.cancel();
  return child;
}

Deno.test("a directory in use is refused with the process that uses it", async () => {
  await using directory = new TempDir();
  const { path } = directory;
  const child = await holder(path);
  const inUse = `${path} is in use by process ${child.pid}: wait for it, or choose another one`;
  assertThrows(() => new RunLock(path), UserError, inUse);
  assertThrows(() => checkUnlocked(path), UserError, inUse);

  // A process that dies gives it free, and who takes it over is told.
  child.kill("SIGKILL");
  await child.status;
  checkUnlocked(path);
  using lock = new RunLock(path);
  assertEquals(lock.staleOf, String(child.pid));
  assertThrows(() => checkUnlocked(path), UserError, `in use by process ${Deno.pid}:`);
});

Deno.test("a lock that is given back leaves nothing", async () => {
  await using directory = new TempDir();
  for (let time = 0; time < 2; time++) {
    using lock = new RunLock(directory.path);
    assertEquals(lock.staleOf, undefined);
  }
  assertEquals([...Deno.readDirSync(directory.path)], []);
  checkUnlocked(directory.path);
  checkUnlocked(`${directory.path}/none`);
  assertThrows(
    () => new RunLock(`${directory.path}/none`),
    UserError,
    "/none/run.lock: cannot write",
  );
});

Deno.test("a lock that is a link is refused, and not followed", async () => {
  await using directory = new TempDir();
  const precious = await directory.write("precious", "precious");
  const lock = `${directory.path}/run.lock`;
  for (const target of [precious, `${directory.path}/none`]) {
    await Deno.symlink(target, lock);
    assertThrows(
      () => new RunLock(directory.path),
      UserError,
      `${lock} is a link, and nothing is written to where it leads: remove it`,
    );
    await Deno.remove(lock);
  }
  assertEquals(await Deno.readTextFile(precious), "precious");
  assertEquals([...Deno.readDirSync(directory.path)].length, 1);
});
