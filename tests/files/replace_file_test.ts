import { assertEquals, assertRejects } from "@std/assert";
import { UserError } from "../../src/errors.ts";
import { replaceFile, replaceText } from "../../src/files/replace_file.ts";
import { writeAll } from "../../src/files/transfer.ts";
import { TempDir } from "../data/fixtures.ts";

Deno.test("a file is replaced as a whole, and a link by a file", async () => {
  await using directory = new TempDir();
  const path = `${directory.path}/a`;
  const precious = await directory.write("precious", "precious");
  await Deno.symlink(precious, path);
  await Deno.symlink(precious, `${path}.tmp`);
  await replaceFile(path, async (file) => {
    await writeAll(file, new Uint16Array([0x6968]));
    assertEquals(await Deno.readTextFile(path), "precious", "it is there only when it is whole");
  });
  assertEquals(await Deno.readTextFile(path), "hi");
  assertEquals(await Deno.readTextFile(precious), "precious");

  const failing = () => Promise.reject(new UserError("no"));
  await assertRejects(() => replaceFile(path, failing), UserError, "no");
  assertEquals(await Deno.readTextFile(path), "hi");
  assertEquals([...Deno.readDirSync(directory.path)].length, 2);
  const nowhere = `${directory.path}/none/a`;
  await assertRejects(() => replaceText(nowhere, ""), UserError, `${nowhere}: cannot write: `);
});
