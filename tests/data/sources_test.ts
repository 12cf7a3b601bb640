import { assertEquals, assertRejects } from "@std/assert";
import { findShards } from "../../src/data/sources.ts";
import { UserError } from "../../src/errors.ts";
import { TempDir } from "./fixtures.ts";

const findNames = async (data: string[]) => (await findShards(data)).map(({ name }) => name);

Deno.test("findShards takes files, globs and directories, each file once, sorted", async () => {
  await using dir = new TempDir();
  const c = await dir.write("c.txt", "c");
  const a = await dir.write("a.jsonl", "");
  const b = await dir.write("b.jsonl.zst", "");
  const deep = await dir.write("sub/d.jsonl", "");
  await dir.write("README.md", "not data");
  await dir.write("sub.txt/e.jsonl", ""); // a directory named like a file is none

  assertEquals(await findNames([c, a]), [a, c]);
  assertEquals(await findNames([dir.path]), [a, b, c]);
  assertEquals(await findNames([dir.path + "/"]), [a, b, c]);
  assertEquals(await findNames([`${dir.path}/*`]), [a, b, c]);
  assertEquals(await findNames([`${dir.path}/*.jsonl*`, a]), [a, b]);
  assertEquals(await findNames([`${dir.path}/sub/*.jsonl`, c, c]), [c, deep]);
  const all = await findNames([`${dir.path}/**/*.jsonl`]);
  assertEquals(all, [a, `${dir.path}/sub.txt/e.jsonl`, deep].sort());
});

Deno.test("findShards takes a file as it is though its name looks like a glob", async () => {
  await using dir = new TempDir();
  const odd = await dir.write("part[1].txt", "x");
  await dir.write("part1.txt", "x");
  assertEquals(await findNames([odd]), [odd]);
});

Deno.test("findShards sorts the same however the files were named", async () => {
  await using dir = new TempDir();
  const files = [await dir.write("a.txt", "a"), await dir.write("b.txt", "b")];
  const dotted = `${dir.path}/./b.txt`;
  assertEquals((await findNames([dotted, files[0]])).map((file) => file.slice(-5)), [
    "a.txt",
    "b.txt",
  ]);
});

Deno.test("findShards says what it did not find", async () => {
  await using dir = new TempDir();
  await dir.write("README.md", "not data");
  const fails = (data: string[], message: string) =>
    assertRejects(() => findShards(data), UserError, message);
  await fails([], "no data");
  await fails([`${dir.path}/none.txt`], `no such file or directory: ${dir.path}/none.txt`);
  await fails([`${dir.path}/README.md/x.txt`], "no such file or directory");
  await fails([`${dir.path}/*.zst`], `matches ${dir.path}/*.zst`);
  await fails([`${dir.path}/*`], `no .jsonl.zst, .jsonl.gz, .jsonl, .txt.zst, .txt.gz, .txt, .tar, .bin file matches`);
  await fails([dir.path], `file in the directory ${dir.path}`);
  await fails([`${dir.path}/README.md`], "the data must be one of .jsonl.zst, ");
});
