import { assert, assertEquals, assertRejects } from "@std/assert";
import { DataError } from "../../../src/data/files/data_error.ts";
import { unzstd } from "../../../src/data/files/zstd.ts";
import { UserError } from "../../../src/errors.ts";
import { bomb, checkedFrame, concat, frame, joined } from "../fixtures.ts";

/** Data in chunks of some size. */
async function* chunks(data: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < data.length; at += size) yield await data.slice(at, at + size);
}

/** Decompresses data that comes in chunks; `seen` gets what comes, also if it fails then. */
async function decompress(data: Uint8Array, size = 65536, seen: Uint8Array[] = []) {
  for await (const part of unzstd(chunks(data, size), "a.zst")) seen.push(new Uint8Array(part));
  return new TextDecoder().decode(joined(seen));
}

const long = Array.from({ length: 30_000 }, (_, i) => `line ${i * i}\n`).join("");
const skippable = new Uint8Array([0x51, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
const remedy = "; download it again, or keep what is whole with --skip-bad";

Deno.test("unzstd reads all frames, however the data is cut", async () => {
  const data = concat(
    ...[
      skippable,
      frame(long),
      frame(""),
      skippable,
      frame("end\n"),
      checkedFrame("x"),
    ],
    ...[checkedFrame(long), skippable],
  );
  for (const size of [7, 1000, 1e6]) {
    assert(await decompress(data, size) === long + "end\nx" + long, `chunks of ${size}`);
  }
  assertEquals(await decompress(concat(skippable, frame("x")), 1), "x");
  assertEquals(await decompress(skippable), "");
});

Deno.test("unzstd reads frames with blocks of all kinds", async () => {
  const noise = crypto.getRandomValues(new Uint8Array(65536)); // stays as it is
  const mixed = concat(noise, new TextEncoder().encode(long), new Uint8Array(400_000), noise);
  const seen: Uint8Array[] = [];
  await decompress(checkedFrame(mixed), 1000, seen);
  assertEquals(joined(seen), mixed);
  assertEquals(await decompress(bomb(1)), "x".repeat(2 ** 20));
});

Deno.test("unzstd reports a truncated frame and where it ends, after what is whole", async () => {
  const one = frame(long);
  for (const data of [one.slice(0, -1), one.slice(0, 3000), one.slice(0, 5), one.slice(0, 3)]) {
    const error = await assertRejects(() => decompress(data), DataError);
    assertEquals(
      error.message,
      `a.zst is truncated: it ends at byte ${data.length}, inside a zstd frame${remedy}`,
    );
  }
  for (const second of [frame("more").slice(0, -2), frame(long).slice(0, -10)]) {
    const data = concat(one, second);
    const seen: Uint8Array[] = [];
    await assertRejects(() => decompress(data, 100, seen), DataError, `at byte ${data.length}`);
    assert((long + long).startsWith(new TextDecoder().decode(joined(seen))));
    assert(joined(seen).length >= long.length);
  }
  const checked = checkedFrame(long);
  const before: Uint8Array[] = [];
  await assertRejects(() => decompress(checked.slice(0, -1), 100, before), DataError, "truncated");
  assertEquals(new TextDecoder().decode(joined(before)), long);
  await assertRejects(() => decompress(skippable.slice(0, -1)), DataError, "truncated");
});

Deno.test("unzstd reports damage, also where only the checksum tells", async () => {
  const damaged = (data: Uint8Array, at: number) => data.with(at, data.at(at)! ^ 255);
  const one = checkedFrame(long);
  const inChecksum = damaged(one, one.length - 1);
  await assertRejects(
    () => decompress(inChecksum),
    DataError,
    `a.zst is damaged: invalid zstd data before byte ${one.length} ` +
      `(Restored data doesn't match checksum)${remedy}`,
  );
  for (const at of [4, 5, 6, 30, one.length >> 1]) {
    await assertRejects(() => decompress(damaged(one, at)), UserError, "a.zst");
  }
  const junk = concat(one, new TextEncoder().encode("junk"));
  const message = `invalid zstd data before byte ${one.length + 4} (no frame begins there)`;
  await assertRejects(() => decompress(junk), DataError, message);
});

Deno.test("unzstd reports data that is no zstd or empty", async () => {
  const text = new TextEncoder().encode("<html>503 Service Unavailable</html>");
  const error = await assertRejects(() => decompress(text), UserError, "a.zst is not zstd data");
  assert(!(error instanceof DataError));
  await assertRejects(() => decompress(new Uint8Array()), DataError, "a.zst is empty");
});

Deno.test("unzstd takes windows of up to 128 MiB, and no dictionaries", async () => {
  const withWindow = (log: number, mantissa = 0) => {
    const data = bomb(1);
    data[5] = (log - 10) << 3 | mantissa;
    return data;
  };
  assertEquals((await decompress(withWindow(27))).length, 2 ** 20);
  const message = "a.zst: the zstd frame at byte 0 needs a window of 144 MiB, more than 128 MiB; " +
    "compress it again with --long=27 or less";
  await assertRejects(() => decompress(withWindow(27, 1)), UserError, message);
  await assertRejects(() => decompress(withWindow(41, 7)), UserError, "needs a window of");
  const single = frame(long.repeat(10)); // a single segment, its window being the content
  assertEquals(await decompress(single), long.repeat(10));

  const data = bomb(1);
  data[4] |= 1;
  const withDictionary = concat(data.slice(0, 6), new Uint8Array([7]), data.slice(6));
  await assertRejects(() => decompress(withDictionary), UserError, "needs a dictionary");
});

Deno.test("unzstd decompresses no further ahead than asked", async () => {
  const rss = Deno.memoryUsage().rss;
  let size = 0;
  for await (const part of unzstd(chunks(bomb(2048), 65536), "a.zst")) {
    assert(part.length <= 2 ** 19);
    if ((size += part.length) > 2 ** 25) break;
  }
  assert(Deno.memoryUsage().rss - rss < 600e6);
});
