import { assertEquals, assertThrows } from "@std/assert";
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

Deno.test("a lock on a file system without locks is taken as given, saying so once", async () => {
  await using directory = new TempDir();
  const { tryLockSync } = Deno.FsFile.prototype;
  const { error } = console;
  const told: string[] = [];
  console.error = (text: string) => void told.push(text);
  try {
    for (const [message, isKnown] of [["(os error 37)", true], ["(os error 5)", false]] as const) {
      Deno.FsFile.prototype.tryLockSync = () => {
        throw new Error(`flock ${message}`);
      };
      const path = `${directory.path}/${isKnown}`;
      if (isKnown) {
        tryLockFile(path, OPTIONS)!.close();
        tryLockFile(path, OPTIONS)!.close();
      } else {
        assertThrows(() => tryLockFile(path, OPTIONS), Error, message);
      }
    }
    const what = "no locks on this file system: make sure that nothing else writes there";
    assertEquals(told, [`${directory.path}/true: ${what}`]);
  } finally {
    Object.assign(Deno.FsFile.prototype, { tryLockSync });
    console.error = error;
  }
});
