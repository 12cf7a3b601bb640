import { fileError, UserError } from "../errors.ts";
import { openSafetensors } from "../model/safetensors.ts";

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
  const path = `${directory}/${MANIFEST}`;
  try {
    await Deno.writeTextFile(path, JSON.stringify(manifest, null, 1) + "\n");
  } catch (error) {
    throw fileError(error, `${path}: cannot write`);
  }
}

/**
 * Makes sure that a directory's files are as they were when its manifest was written.
 *
 * @throws {UserError} If one is missing, or differs; it is named, and the tensor if there is one.
 */
export async function verifyManifest(directory: string): Promise<void> {
  const path = `${directory}/${MANIFEST}`;
  const text = await Deno.readTextFile(path).catch((error) => {
    throw fileError(error, `${path}: cannot read`);
  });
  const manifest = parseManifest(text);
  if (!manifest) throw new UserError(`${path} is damaged: not a list of checksums`);
  for await (const { name } of Deno.readDir(directory)) {
    const isState = isTensors(name) || name === "config.json" || name === "training_state.json";
    if (!isState || Object.hasOwn(manifest, name)) continue;
    throw new UserError(`${path} is damaged: it has no checksums of ${name}`);
  }
  for (const [name, expected] of Object.entries(manifest)) {
    const file = `${directory}/${name}`;
    const found = await checksums(file);
    for (const part of new Set([...Object.keys(expected), ...Object.keys(found)])) {
      if (found[part] === expected[part]) continue;
      const which = isTensors(name) && part !== "header" ? `tensor ${part}` : `its ${part}`;
      throw new UserError(`${file} is damaged: the checksum of ${which} is not the manifest's`);
    }
  }
}

function isTensors(name: string): boolean {
  return name.endsWith(".safetensors");
}

/** SHA-256 of `content`; of a safetensors file, of its `header` and each tensor by name. */
async function checksums(path: string): Promise<Record<string, string>> {
  try {
    if (!isTensors(path)) return { content: await sha256(await Deno.readFile(path)) };
    using file = await openSafetensors(path);
    const sums: Record<string, string> = { header: await sha256(await readHeader(path)) };
    for (const name of file.tensors.keys()) sums[name] = await sha256(await file.read(name));
    return sums;
  } catch (error) {
    throw fileError(error, `${path}: cannot read`);
  }
}

/** The bytes before the data of a safetensors file that was opened before, and so is one. */
async function readHeader(path: string): Promise<Uint8Array<ArrayBuffer>> {
  using file = await Deno.open(path);
  const length = new Uint8Array(8);
  await file.read(length);
  const header = new Uint8Array(Number(new DataView(length.buffer).getBigUint64(0, true)));
  for (let done = 0; done < header.length;) {
    const count = await file.read(header.subarray(done));
    if (count === null) throw new UserError(`${path} is damaged: it has shrunk while it was read`);
    done += count;
  }
  return header;
}

/** In another thread, so that training goes on. */
async function sha256(bytes: BufferSource): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function parseManifest(text: string): Manifest | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  const isRecord = (value: unknown): value is Record<string, unknown> =>
    typeof value === "object" && value !== null && !Array.isArray(value);
  const isManifest = (value: unknown): value is Manifest =>
    isRecord(value) &&
    Object.entries(value).every(([name, sums]) =>
      !/[/\\]/.test(name) && isRecord(sums) &&
      Object.values(sums).every((sum) => typeof sum === "string")
    );
  return isManifest(json) ? json : undefined;
}
