import { assertEquals, assertRejects } from "@std/assert";
import { UserError } from "../../src/errors.ts";
import { checkRunDirectory } from "../../src/run/run_directory.ts";
import { TempDir } from "../data/fixtures.ts";

Deno.test("a directory that can be written passes, and nothing is created", async () => {
  await using directory = new TempDir();
  await directory.write("mine/notes.txt", "kept");
  await directory.write("failed/metrics.jsonl", "");
  for (const name of ["new", "deep/er", "mine", "failed"]) {
    await checkRunDirectory(`${directory.path}/${name}`);
  }
  const names = [...Deno.readDirSync(directory.path)].map(({ name }) => name).sort();
  assertEquals(names, ["failed", "mine"]);
  assertEquals([...Deno.readDirSync(`${directory.path}/mine`)].length, 1);
});

Deno.test("one that holds a run or cannot be written is named", async () => {
  await using directory = new TempDir();
  const file = await directory.write("file", "");
  await assertRejects(() => checkRunDirectory(file), UserError, `${file}: cannot write: `);
  await assertRejects(() => checkRunDirectory(`${file}/a/b`), UserError, "/file/a/b: cannot write");
  const files = {
    "model.safetensors": "holds a run already",
    "checkpoints/step-000002/config.json": "holds a run already",
  };
  for (const [i, [name, message]] of Object.entries(files).entries()) {
    const path = `${directory.path}/${i}`;
    await directory.write(`${i}/${name}`, "x");
    await assertRejects(() => checkRunDirectory(path), UserError, `${path} ${message}`);
  }
  for (const text of ["somebody else's", "{}\n"]) {
    const log = await directory.write("other/metrics.jsonl", text);
    await assertRejects(
      () => checkRunDirectory(`${directory.path}/other`),
      UserError,
      `${log} is no log of a run: remove it, or choose another --out`,
    );
  }
});
