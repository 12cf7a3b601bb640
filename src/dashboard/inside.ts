/**
 * A path below a directory as the operating system sees it, if no link is in it: what is written
 * there may lead to anywhere, and a page must not show that.
 *
 * @param root Absolute, itself without links.
 * @returns undefined if there is nothing, a link in the path, or it cannot be read.
 */
export async function insideOf(root: string, relative: string): Promise<string | undefined> {
  const path = relative === "" ? root : `${root}/${relative}`;
  try {
    return await Deno.realPath(path) === path.replaceAll("/", SEPARATOR) ? path : undefined;
  } catch {
    return undefined;
  }
}

const SEPARATOR = Deno.build.os === "windows" ? "\\" : "/";

/** A file below a directory, opened to read it; undefined as {@linkcode insideOf}. */
export async function openInside(root: string, relative: string): Promise<Opened | undefined> {
  const path = await insideOf(root, relative);
  if (path === undefined) return undefined;
  try {
    const info = await Deno.lstat(path);
    if (!info.isFile) return undefined; // a named pipe would wait for a writer
    const file = await Deno.open(path);
    return { file, info, [Symbol.dispose]: () => file.close() };
  } catch {
    return undefined;
  }
}

/** An open file, and what the system says of it. */
export interface Opened extends Disposable {
  readonly file: Deno.FsFile;
  readonly info: Deno.FileInfo;
}

/** The largest file of JSON that is read, in bytes. */
const MOST_JSON = 64e6;

/** What a file of JSON below a directory holds; undefined if it is none, or very large. */
export async function readJsonInside(root: string, relative: string): Promise<unknown> {
  using opened = await openInside(root, relative);
  if (!opened || opened.info.size > MOST_JSON) return undefined;
  try {
    const bytes = await fill(opened.file, new Uint8Array(opened.info.size));
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined; // being written, or damaged
  }
}

/** Reads from where a file is, as much as a buffer holds or there is. */
export async function fill(file: Deno.FsFile, buffer: Uint8Array): Promise<Uint8Array> {
  let length = 0;
  while (length < buffer.length) {
    const count = await file.read(buffer.subarray(length));
    if (count === null) break;
    length += count;
  }
  return buffer.subarray(0, length);
}

/** The path of a file in a directory that is itself below another one, or is that one. */
export function below(relative: string, name: string): string {
  return relative === "" ? name : `${relative}/${name}`;
}
