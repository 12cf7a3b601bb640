import { assertEquals } from "@std/assert";
import { BinWindows, isValidationFile } from "../../../src/data/bin/bin_windows.ts";
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
