import { assertEquals, assertLess, assertThrows } from "@std/assert";
import { BinWindows, isValidationFile } from "../../../src/data/bin/bin_windows.ts";
import { UserError } from "../../../src/errors.ts";
import { TempDir, tokenFile as write } from "../fixtures.ts";

const CONTEXT = 4;

Deno.test("files are for validation by a word of their names", () => {
  for (
    const name of [
      "val.bin",
      "a/fineweb_val_000000.bin",
      "owt-val.bin",
      "x.validation.bin",
      "VAL_1.bin",
    ]
  ) {
    assertEquals(isValidationFile(name), true, name);
  }
  for (
    const name of ["train.bin", "val/train.bin", "interval.bin", "valley_000001.bin", "values.bin"]
  ) {
    assertEquals(isValidationFile(name), false, name);
  }
});

Deno.test("windows are those of each file, and never across two", async () => {
  await using dir = new TempDir();
  // 9 tokens: 2 windows; 4: none; 14: 3, and a token that fills none.
  const shards = [
    await write(dir, "a.bin", 0, 8),
    await write(dir, "b.bin", 100, 103),
    await write(dir, "c.bin", 200, 213),
    await write(dir, "val.bin", 300, 304),
  ];
  using training = new BinWindows(shards, CONTEXT, "training");
  const tokens = new Uint16Array(CONTEXT + 1);
  const all = Array.from({ length: training.count }, (_, i) => {
    training.read(i, tokens);
    return [...tokens];
  });
  assertEquals(all, [
    [0, 1, 2, 3, 4],
    [4, 5, 6, 7, 8],
    [200, 201, 202, 203, 204],
    [204, 205, 206, 207, 208],
    [208, 209, 210, 211, 212],
  ]);
  using validation = new BinWindows(shards, CONTEXT, "validation");
  assertEquals(validation.count, 1);
  validation.read(0, tokens);
  assertEquals([...tokens], [300, 301, 302, 303, 304]);
});

Deno.test("of many files few are open at a time", async () => {
  await using dir = new TempDir();
  const numbers = Array.from({ length: 300 }, (_, i) => i);
  const shards = await Promise.all(numbers.map((i) => write(dir, `${i + 1000}.bin`, i, i + 4)));
  const openFiles = () => [...Deno.readDirSync("/proc/self/fd")].length;
  const isLinux = Deno.build.os === "linux";
  const before = isLinux ? openFiles() : 0;
  using windows = new BinWindows(
    [...shards, await write(dir, "val.bin", 0, 9)],
    CONTEXT,
    "training",
  );
  const tokens = new Uint16Array(CONTEXT + 1);
  const read = (window: number) => {
    windows.read(window, tokens);
    return [...tokens];
  };
  for (let i = 0; i < 1000; i++) {
    const window = i * 97 % windows.count;
    assertEquals(read(window), [window, window + 1, window + 2, window + 3, window + 4]);
  }
  if (isLinux) assertLess(openFiles() - before, 100);

  for (let window = 100; window < 200; window++) read(window);
  await Deno.writeFile(shards[0].source, new Uint8Array(12)); // which is closed by now
  assertThrows(() => read(0), UserError, "1000.bin has changed since it was opened");
  await Deno.remove(shards[1].source);
  assertThrows(() => read(1), UserError, "1001.bin: cannot read: No such file");
});
