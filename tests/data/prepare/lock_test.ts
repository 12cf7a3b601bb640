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

Deno.test("a lock ends, and its file stays", async () => {
  await using dir = new TempDir();
  const path = `${dir.path}/prepare-1-of-2.lock`;
  (await lockShare(dir.path, share(1, 2)))[Symbol.dispose]();
  const { ino } = await Deno.stat(path);
  (await lockShare(dir.path, share(1, 2)))[Symbol.dispose]();
  assertEquals((await Deno.stat(path)).ino, ino);
});
