import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { UserError } from "../../src/errors.ts";
import {
  copyFile,
  createFile,
  createFileSync,
  createText,
  removeFileSync,
} from "../../src/files/create_file.ts";
import { lockFile, tryLockFile } from "../../src/files/lock.ts";
import { TempDir } from "../data/fixtures.ts";

Deno.test("a file is created in place of another, and of a link, which is not followed", async () => {
  await using directory = new TempDir();
  const precious = await directory.write("precious", "precious");
  const path = `${directory.path}/a`;
  const create: ((path: string) => unknown)[] = [
    async (path) => (await createFile(path)).close(),
    (path) => createFileSync(path).close(),
    (path) => createText(path, ""),
    async (path) => await copyFile(await directory.write("empty", ""), path),
  ];
  for (const target of [precious, `${directory.path}/none`]) {
    for (const make of create) {
      await Deno.symlink(target, path);
      await make(path);
      assertEquals((await Deno.lstat(path)).isFile, true);
      await Deno.writeTextFile(path, "left over");
      await make(path);
      assertEquals(await Deno.readTextFile(path), "");
      assertEquals([removeFileSync(path), removeFileSync(path)], [true, false]);
    }
  }
  assertEquals(await Deno.readTextFile(precious), "precious");
  assertEquals([...Deno.readDirSync(directory.path)].length, 2);
  await copyFile(precious, path);
  assertEquals(await Deno.readTextFile(path), "precious");
});

Deno.test("a link in the place of a lock is refused", async () => {
  await using directory = new TempDir();
  const path = `${directory.path}/lock`;
  const options = { write: true, create: true };
  for (const target of [await directory.write("a", ""), `${directory.path}/none`]) {
    await Deno.symlink(target, path);
    assertThrows(() => tryLockFile(path, options), UserError, `${path} is a link`);
    await assertRejects(() => lockFile(path, options), UserError, `${path} is a link`);
    await Deno.remove(path);
  }
  assertEquals([...Deno.readDirSync(directory.path)].length, 1);
});

Deno.test("nothing else in the sources creates a file", async () => {
  const root = new URL("../../src/", import.meta.url);
  // The logs look for links themselves; and a file of a random name is removed at once.
  const allowed = ["run/metrics.ts", "run/run_directory.ts", "run/sample_log.ts"];
  const creating = /Deno\.(writeTextFile|writeFile|create|copyFile|makeTempFile)(Sync)?\(/;
  const opening = /Deno\.open(Sync)?\([^;]*\b(create|createNew|truncate): true/;
  const found: string[] = [];
  for await (const { name } of walk(root)) {
    const source = await Deno.readTextFile(new URL(name, root));
    if (creating.test(source) || opening.test(source)) found.push(name);
  }
  assertEquals(found.sort(), allowed);
});

/** The modules below a directory. */
async function* walk(root: URL, below = ""): AsyncGenerator<{ name: string }> {
  for await (const entry of Deno.readDir(new URL(below, root))) {
    const name = below + entry.name;
    if (entry.isDirectory) yield* walk(root, `${name}/`);
    else if (name.endsWith(".ts")) yield { name };
  }
}
