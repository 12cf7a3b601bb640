import { assert, assertEquals, assertRejects } from "@std/assert";
import { UserError } from "../../src/errors.ts";
import { writeSafetensors } from "../../src/checkpoint/safetensors.ts";
import {
  removeManifest,
  verifyIfListed,
  verifyManifest,
  writeManifest,
} from "../../src/checkpoint/manifest.ts";
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

Deno.test("a directory without a manifest, or with another tool's, is not verified", async () => {
  const { directory, path } = await checkedDirectory();
  await using _ = directory;
  await verifyIfListed(path);
  await directory.write("config.json", '{"a": 2}\n');
  await assertRejects(() => verifyIfListed(path), UserError, `${path}/config.json is damaged`);
  for (const text of ["oops", "[]", '{"files": {"config.json": "1"}}']) {
    await directory.write("manifest.json", text);
    await directory.write("config.json", "{}");
    await verifyIfListed(path);
    await directory.write("config.json", '{"agd_gpt2": {}}');
    await assertRejects(() => verifyIfListed(path), UserError, `${path}/manifest.json is damaged`);
  }
  await removeManifest(path);
  await verifyIfListed(path);
});

Deno.test("a model that is replaced while it is verified is not taken for damaged", async () => {
  const { directory, path } = await checkedDirectory();
  await using _ = directory;
  let isDone = false;
  const replacing = (async () => {
    for (let round = 0; round < 100; round++) {
      await removeManifest(path);
      await directory.write("config.json.new", `{"agd_gpt2": ${round}}\n`);
      await Deno.rename(`${path}/config.json.new`, `${path}/config.json`);
      await writeManifest(path);
    }
    isDone = true;
  })();
  let times = 0;
  for (; !isDone; times++) await verifyIfListed(path);
  await replacing;
  assert(times > 1);
  await verifyManifest(path);
  assertEquals(await Deno.readTextFile(`${path}/config.json`), '{"agd_gpt2": 99}\n');
});

Deno.test("to remove the manifest is advised where files differ, and not where none can be read", async () => {
  const { directory, path } = await checkedDirectory();
  await using _ = directory;
  const { readFile } = Deno;
  Deno.readFile = () =>
    Promise.reject(
      Object.assign(new Error("Too many open files (os error 24)"), { code: "EMFILE" }),
    );
  try {
    const error = await assertRejects(() => verifyIfListed(path), UserError);
    assertEquals(error.message, `${path}/config.json: cannot read: Too many open files`);
  } finally {
    Deno.readFile = readFile;
  }
  await directory.write("config.json", '{"a": 2, "agd_gpt2": {}}\n');
  const error = await assertRejects(() => verifyIfListed(path), UserError);
  assert(error.message.endsWith(`if it was changed on purpose, remove ${path}/manifest.json`));
});
