import { assertEquals } from "@std/assert";
import { lockFile, tryLockFile } from "../../src/files/lock.ts";
import { TempDir } from "../data/fixtures.ts";

const OPTIONS = { write: true, create: true };

Deno.test("a lock is had by one at a time, and ends when its file is closed", async () => {
  await using directory = new TempDir();
  const path = `${directory.path}/lock`;
  {
    using file = tryLockFile(path, OPTIONS);
    assertEquals([file === undefined, tryLockFile(path, OPTIONS)], [false, undefined]);
  }
  using _file = tryLockFile(path, OPTIONS)!;
});

Deno.test("who waits for a lock gets it when it is free, of the file that is there then", async () => {
  await using directory = new TempDir();
  const path = `${directory.path}/lock`;
  const first = tryLockFile(path, OPTIONS)!;
  let held = 1;
  const waiting = Array.from({ length: 3 }, async () => {
    using file = await lockFile(path, OPTIONS);
    assertEquals(++held, 1, "it is free");
    assertEquals(file.statSync().ino, Deno.statSync(path).ino);
    await new Promise((resolve) => setTimeout(resolve, 20));
    await Deno.remove(path); // what locks the file that had the name locks nobody out
    held--;
  });
  await new Promise((resolve) => setTimeout(resolve, 50));
  held--;
  first.close();
  await Promise.all(waiting);
});
