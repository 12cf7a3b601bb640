import { UserError } from "../errors.ts";
import { fileError } from "../files/file_error.ts";
import { checkRegular, readText, readTextIfThere } from "../files/read_file.ts";
import { removeFile } from "../files/create_file.ts";
import { replaceText } from "../files/replace_file.ts";
import { isObject } from "../json.ts";
import { sha256 } from "../sha256.ts";
import { CONFIG } from "./checkpoint_directory.ts";
import { openSafetensors } from "./safetensors.ts";

/** The name of the manifest in a checkpoint's directory. */
export const MANIFEST = "manifest.json";

/** Checksums of a directory's files: of each whole, or of a safetensors file's parts. */
type Manifest = Record<string, Record<string, string>>;

/**
 * Writes `manifest.json`: the SHA-256 of each file of a directory, and of each tensor in it.
 *
 * @throws {UserError} If a file cannot be read or written.
 */
export async function writeManifest(directory: string): Promise<void> {
  const manifest: Manifest = {};
  for (
    const { name } of [...Deno.readDirSync(directory)].sort((a, b) => a.name < b.name ? -1 : 1)
  ) {
    manifest[name] = await checksums(`${directory}/${name}`);
  }
  await write(directory, manifest);
}

/**
 * Writes the manifest of a directory that holds some of another one's files.
 *
 * @throws {UserError} If that one's manifest cannot be read, or this one not be written.
 */
export async function copyManifest(
  from: string,
  to: string,
  isThere: (name: string) => boolean,
): Promise<void> {
  const manifest = parseManifest(await readText(`${from}/${MANIFEST}`));
  if (!manifest) throw damaged(from);
  await write(to, Object.fromEntries(Object.entries(manifest).filter(([name]) => isThere(name))));
}

/** @throws {UserError} If there is one that cannot be removed. */
export async function removeManifest(directory: string): Promise<void> {
  const path = `${directory}/${MANIFEST}`;
  await removeFile(path).catch((error) => {
    throw fileError(error, `${path}: cannot remove`);
  });
}

async function write(directory: string, manifest: Manifest): Promise<void> {
  await replaceText(`${directory}/${MANIFEST}`, JSON.stringify(manifest, null, 1) + "\n");
}

/**
 * Makes sure that a directory's files are as they were when its manifest was written.
 *
 * @throws {UserError} If one is missing, or differs; it is named, and the tensor if there is one.
 */
export async function verifyManifest(directory: string): Promise<void> {
  const manifest = parseManifest(await readText(`${directory}/${MANIFEST}`));
  if (!manifest) throw damaged(directory);
  await verify(directory, manifest);
}

/**
 * As {@linkcode verifyManifest}, if the directory has a manifest of ours. A run may save to it at
 * the same time.
 */
export async function verifyIfListed(directory: string): Promise<void> {
  for (;;) {
    const text = await readTextIfThere(`${directory}/${MANIFEST}`);
    if (text === undefined) return;
    const manifest = parseManifest(text);
    // Without a word on config.json it is another tool's, if that is.
    if (!manifest?.[CONFIG] && !await isOurs(directory)) return;
    try {
      if (!manifest) throw damaged(directory);
      return await verify(directory, manifest);
    } catch (error) {
      // A run takes the manifest away before it changes anything else.
      if (await readTextIfThere(`${directory}/${MANIFEST}`) !== text) continue;
      const isDamage = error instanceof UserError &&
        ["CHECKPOINT", "NOT_FOUND"].includes(error.code);
      if (!isDamage) throw error;
      throw new UserError(
        `${error.message}; if it was changed on purpose, remove ${directory}/${MANIFEST}`,
        error.code,
      );
    }
  }
}

/** Whether a configuration says what only ours say. */
async function isOurs(directory: string): Promise<boolean> {
  return (await readTextIfThere(`${directory}/${CONFIG}`))?.includes('"agd_gpt2"') ?? false;
}

async function verify(directory: string, manifest: Manifest): Promise<void> {
  const path = `${directory}/${MANIFEST}`;
  for await (const { name } of Deno.readDir(directory)) {
    const isState = isTensors(name) || name === CONFIG || name === "training_state.json";
    if (!isState || Object.hasOwn(manifest, name)) continue;
    throw new UserError(`${path} is damaged: it has no checksums of ${name}`, "CHECKPOINT");
  }
  for (const [name, expected] of Object.entries(manifest)) {
    const file = `${directory}/${name}`;
    const found = await checksums(file);
    for (const part of new Set([...Object.keys(expected), ...Object.keys(found)])) {
      if (found[part] === expected[part]) continue;
      const which = isTensors(name) && part !== "header" ? `tensor ${part}` : `its ${part}`;
      throw new UserError(
        `${file} is damaged: the checksum of ${which} is not the manifest's`,
        "CHECKPOINT",
      );
    }
  }
}

function damaged(directory: string): UserError {
  return new UserError(
    `${directory}/${MANIFEST} is damaged: not a list of checksums`,
    "CHECKPOINT",
  );
}

function isTensors(name: string): boolean {
  return name.endsWith(".safetensors");
}

/** SHA-256 of `content`; of a safetensors file, of its `header` and each tensor by name. */
async function checksums(path: string): Promise<Record<string, string>> {
  checkRegular(path);
  try {
    if (!isTensors(path)) return { content: await sha256(await Deno.readFile(path)) };
    using file = await openSafetensors(path);
    const sums: Record<string, string> = { header: await sha256(file.header) };
    for (const name of file.tensors.keys()) sums[name] = await sha256(await file.read(name));
    return sums;
  } catch (error) {
    throw fileError(error, `${path}: cannot read`);
  }
}

function parseManifest(text: string): Manifest | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  const isManifest = (value: unknown): value is Manifest =>
    isObject(value) &&
    Object.entries(value).every(([name, sums]) =>
      !/[/\\]/.test(name) && isObject(sums) &&
      Object.values(sums).every((sum) => typeof sum === "string")
    );
  return isManifest(json) ? json : undefined;
}
