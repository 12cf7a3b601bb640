import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { UserError } from "../../src/errors.ts";
import { checkRegular, openFile, readText, readTextIfThere } from "../../src/files/read_file.ts";
import { LFS_POINTER, namedPipe, TempDir } from "../data/fixtures.ts";

Deno.test("a file is read, also by a link", async () => {
  await using directory = new TempDir();
  const file = await directory.write("a", "text");
  const link = `${directory.path}/link`;
  await Deno.symlink(file, link);
  for (const path of [file, link]) {
    checkRegular(path);
    assertEquals([await readText(path), await readTextIfThere(path)], ["text", "text"]);
    using opened = await openFile(path);
    assertEquals((await opened.stat()).size, 4);
  }
});

Deno.test("what is not there is told of when it is read", async () => {
  const none = "/none/such";
  checkRegular(none);
  assertEquals(await readTextIfThere(none), undefined);
  await assertRejects(() => readText(none), UserError, `${none}: cannot read: No such file`);
  await assertRejects(() => openFile(none), UserError, `${none}: cannot read: No such file`);
});

Deno.test({
  name: "what only looks like a file is refused, and not waited for",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using directory = new TempDir();
    const { path } = directory;
    namedPipe(`${path}/pipe`);
    await Deno.symlink(`${path}/pipe`, `${path}/link`);
    await Deno.symlink("/dev/zero", `${path}/zero`);
    const kinds = {
      "/pipe": "named pipe",
      "/link": "named pipe",
      "/zero": "device",
      "": "directory",
    };
    for (const [name, kind] of Object.entries(kinds)) {
      const message = `${path}${name} is a ${kind}, not a file`;
      assertThrows(() => checkRegular(path + name), UserError, message);
      for (const read of [openFile, readText, readTextIfThere]) {
        await assertRejects(async () => void await read(path + name), UserError, message);
      }
    }
  },
});

Deno.test("what stands for a file that Git LFS has not fetched is named", async () => {
  await using directory = new TempDir();
  const path = await directory.write("config.json", LFS_POINTER);
  for (const read of [readText, readTextIfThere]) {
    const message = `${path} is a Git LFS pointer, not the file: run git lfs pull`;
    await assertRejects(() => read(path), UserError, message);
  }
  const long = LFS_POINTER.padEnd(1024);
  assertEquals(await readText(await directory.write("about.txt", long)), long);
});
