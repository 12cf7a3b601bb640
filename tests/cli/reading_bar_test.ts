import { assertEquals } from "@std/assert";
import { readingLine } from "../../src/cli/reading_bar.ts";

Deno.test("a reading bar shows what is read, how fast, and how long it takes", () => {
  const full = readingLine(1024, 4096, "1/4 files", 10, 80);
  assertEquals(full.replace(/^█+░+/, ""), "  1 kiB/4 kiB  1/4 files  30s left  102 B/s");
  const [, done, undone] = full.match(/^(█+)(░+)/)!;
  assertEquals([done.length, undone.length], [8, 22]); // a quarter of 30
  assertEquals(full.length <= 80, true);
});

Deno.test("a reading bar of an unknown total is empty, and of a whole one full", () => {
  const unknown = readingLine(2048, undefined, "", 1, 60);
  assertEquals(unknown.replace(/^░+/, ""), "  2 kiB  2 kiB/s");
  assertEquals(readingLine(2048, 2048, "", 1, 60).includes("░"), false);
  assertEquals(readingLine(0, 0, "", 0, 60).replace(/^░+/, ""), "  0 B/0 B");
});
