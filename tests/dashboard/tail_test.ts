import { assertEquals } from "@std/assert";
import { lastLine, Tail } from "../../src/dashboard/tail.ts";
import { TempDir } from "../data/fixtures.ts";

Deno.test("the lines of a file that grows are read once each", async () => {
  await using directory = new TempDir();
  const path = await directory.write("log", "one\ntwo\nthr");
  const root = await Deno.realPath(directory.path);
  const tail = new Tail(root, "log", { chunk: 16 });
  let lines: string[] = [];
  let resets = 0;
  const read = async () => {
    lines = [];
    await tail.read((line) => lines.push(line), () => resets++);
    return lines;
  };
  assertEquals(await read(), ["one", "two"]);
  assertEquals(await lastLine(root, "log"), "two");
  assertEquals(await read(), []);
  await Deno.writeTextFile(path, "ee\nfour\n", { append: true });
  assertEquals(await read(), ["three", "four"]);
  const long = "x".repeat(50);
  await Deno.writeTextFile(path, `${long}\nfive\n`, { append: true });
  assertEquals(await read(), ["five"]); // what is longer than a chunk is left out

  await directory.write("new", "one\n");
  await Deno.rename(`${directory.path}/new`, path);
  assertEquals([await read(), resets], [["one"], 1]);
  await Deno.truncate(path, 0);
  await Deno.writeTextFile(path, "1\n");
  assertEquals([await read(), resets], [["1"], 2]);
  await Deno.remove(path);
  assertEquals([await read(), resets], [[], 2]);
  assertEquals(await lastLine(root, "log"), undefined);
});

Deno.test("a part of a file is read from line to line", async () => {
  await using directory = new TempDir();
  await directory.write("log", "one\ntwo\nthree\nfour\nfive\n");
  const root = await Deno.realPath(directory.path);
  for (const chunk of [6, 100]) {
    const lines: string[] = [];
    const tail = new Tail(root, "log", { chunk, from: 4, to: 19 });
    await tail.read((line) => lines.push(line), () => {});
    assertEquals(lines, ["two", "three", "four"]);
  }
});
