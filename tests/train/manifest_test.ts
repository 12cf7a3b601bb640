import { assert, assertRejects } from "@std/assert";
import { UserError } from "../../src/errors.ts";
import { writeSafetensors } from "../../src/model/safetensors.ts";
import { verifyManifest, writeManifest } from "../../src/train/manifest.ts";
import { TempDir } from "../data/fixtures.ts";

/** A directory of two files with its manifest, and the files' bytes. */
async function checkedDirectory() {
  const directory = new TempDir();
  const { path } = directory;
  await directory.write("config.json", '{"a": 1}\n');
  const tensor = (name: string, values: number[]) => (
    { name, shape: [values.length], data: () => Float32Array.from(values) }
  );
  await writeSafetensors(`${path}/model.safetensors`, [tensor("a", [1, 2]), tensor("b", [3])]);
  await writeManifest(path);
  return { directory, path };
}

Deno.test("a flipped bit anywhere is found, and the file named", async () => {
  const { directory, path } = await checkedDirectory();
  await using _ = directory;
  await verifyManifest(path);
  for (const name of ["config.json", "model.safetensors"]) {
    const bytes = await Deno.readFile(`${path}/${name}`);
    for (let i = 0; i < bytes.length; i++) {
      bytes[i] ^= 1 << (i % 8);
      await directory.write(name, bytes);
      const error = await assertRejects(() => verifyManifest(path), UserError);
      assert(error.message.startsWith(`${path}/${name}`), error.message);
      bytes[i] ^= 1 << (i % 8);
    }
    await directory.write(name, bytes);
  }
  await verifyManifest(path);
});

Deno.test("a manifest that leaves out a file of the state is damaged", async () => {
  const { directory, path } = await checkedDirectory();
  await using _ = directory;
  const manifest = JSON.parse(await Deno.readTextFile(`${path}/manifest.json`));
  delete manifest["model.safetensors"];
  await directory.write("manifest.json", JSON.stringify(manifest));
  await assertRejects(
    () => verifyManifest(path),
    UserError,
    "manifest.json is damaged: it has no checksums of model.safetensors",
  );
});

Deno.test("the tensor that is damaged is named", async () => {
  const { directory, path } = await checkedDirectory();
  await using _ = directory;
  const bytes = await Deno.readFile(`${path}/model.safetensors`);
  bytes[bytes.length - 1] ^= 128; // the sign of b
  await directory.write("model.safetensors", bytes);
  await assertRejects(
    () => verifyManifest(path),
    UserError,
    "/model.safetensors is damaged: the checksum of tensor b is not the manifest's",
  );
});

Deno.test("truncated and missing files are named", async () => {
  const { directory, path } = await checkedDirectory();
  await using _ = directory;
  const size = (await Deno.stat(`${path}/model.safetensors`)).size;
  for (const length of [0, 7, 20, size - 1]) {
    await Deno.truncate(`${path}/model.safetensors`, length);
    await assertRejects(() => verifyManifest(path), UserError, `${path}/model.safetensors: `);
  }
  for (const name of ["model.safetensors", "config.json", "manifest.json"]) {
    await Deno.remove(`${path}/${name}`);
    const message = `${path}/${name}: cannot read: No such file or directory`;
    await assertRejects(() => verifyManifest(path), UserError, message);
  }
});

Deno.test("a manifest that is none, or leaves its directory, is refused", async () => {
  const { directory, path } = await checkedDirectory();
  await using _ = directory;
  const outside = JSON.stringify({ "../config.json": { content: "" } });
  for (const text of ["", "[]", '{"config.json": 1}', '{"config.json": {"content": 1}}', outside]) {
    await directory.write("manifest.json", text);
    await assertRejects(() => verifyManifest(path), UserError, `${path}/manifest.json is damaged`);
  }
});
