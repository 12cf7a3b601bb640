import { assertEquals, assertRejects } from "@std/assert";
import { lockShare, type Share } from "../../../src/data/prepare/lock.ts";
import { UserError } from "../../../src/errors.ts";
import { TempDir } from "../fixtures.ts";

const share = (number: number, of: number): Share => ({ number, of });

Deno.test("shares that have a shard in common exclude each other, others do not", async () => {
  const shares = [1, 2, 3, 4, 6].flatMap((of) =>
    Array.from({ length: of }, (_, i) => share(i + 1, of))
  );
  const shardsOf = ({ number, of }: Share) =>
    new Set(Array(24).keys().filter((index) => index % of === number - 1));
  await using dir = new TempDir();
  for (const held of shares) {
    using _lock = await lockShare(dir.path, held);
    for (const other of shares) {
      const isFree = shardsOf(held).isDisjointFrom(shardsOf(other));
      if (isFree) (await lockShare(dir.path, other))[Symbol.dispose]();
      else await assertRejects(() => lockShare(dir.path, other), UserError, "is preparing");
    }
  }
});

Deno.test("who prepares is told", async () => {
  await using dir = new TempDir();
  const out = `${dir.path}/out`;
  const says = (message: string) =>
    assertRejects(() => lockShare(out, share(1, 1)), UserError, message);
  {
    using _lock = await lockShare(out, share(2, 3));
    await says(`another process is preparing share 2/3 of ${out}; wait for it, or choose`);
  }
  {
    using _lock = await lockShare(out, share(1, 1));
    await says(`another process is preparing ${out}; wait for it, or choose another --out`);
  }
  const file = await dir.write("file", "");
  await assertRejects(() => lockShare(file, share(1, 1)), UserError, `${file}: cannot write`);
});

Deno.test("no file is left of a lock that ended, nor of one that was not given", async () => {
  await using dir = new TempDir();
  const names = () => [...Deno.readDirSync(dir.path)].map(({ name }) => name);
  {
    using _lock = await lockShare(dir.path, share(1, 2));
    assertEquals(names(), ["prepare-1-of-2.lock"]);
    await assertRejects(() => lockShare(dir.path, share(1, 1)), UserError, "share 1/2");
    assertEquals(names(), ["prepare-1-of-2.lock"]);
  }
  assertEquals(names(), []);
});

Deno.test("who opened a lock's file before it was removed does not have it beside another", async () => {
  await using dir = new TempDir();
  const { tryLockSync } = Deno.FsFile.prototype;
  const first = await lockShare(dir.path, share(1, 1));
  let second: Disposable | undefined;
  // When the file is open and not locked yet, its lock ends, and someone else makes it anew.
  Deno.FsFile.prototype.tryLockSync = function (exclusive) {
    Deno.FsFile.prototype.tryLockSync = tryLockSync;
    first[Symbol.dispose]();
    second = Deno.openSync(`${dir.path}/prepare-1-of-1.lock`, { write: true, createNew: true });
    assertEquals((second as Deno.FsFile).tryLockSync(true), true);
    return this.tryLockSync(exclusive);
  };
  try {
    await assertRejects(() => lockShare(dir.path, share(1, 1)), UserError, "is preparing");
  } finally {
    Object.assign(Deno.FsFile.prototype, { tryLockSync });
    second?.[Symbol.dispose]();
  }
});
