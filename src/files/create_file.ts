import { writeAll } from "./transfer.ts";

/**
 * Creates a file to write to, in place of what a killed process may have left. A link is replaced too,
 * and never followed: whoever may put one there does not decide what is overwritten.
 */
export async function createFile(path: string): Promise<Deno.FsFile> {
  await removeFile(path);
  return await Deno.open(path, CREATE);
}

/** As {@linkcode createFile}, at once. */
export function createFileSync(path: string): Deno.FsFile {
  removeFileSync(path);
  return Deno.openSync(path, CREATE);
}

/** Creates a file as {@linkcode createFile} does, and waits until a text is on the disk as all of it. */
export async function createText(path: string, text: string): Promise<void> {
  using file = await createFile(path);
  await writeAll(file, new TextEncoder().encode(text));
  await file.sync();
}

/** Copies a file to one that is created as {@linkcode createFile} does. */
export async function copyFile(from: string, to: string): Promise<void> {
  using source = await Deno.open(from);
  using file = await createFile(to);
  for await (const chunk of source.readable) await writeAll(file, chunk);
}

/** Fails where something has appeared since it was removed, be it a link. */
const CREATE = { write: true, createNew: true };

/** Removes a file or a link, if there is one; also a directory, if it is empty. */
export async function removeFile(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!isNotThere(error)) throw error;
  }
}

/** As {@linkcode removeFile}, at once; returns whether there was something. */
export function removeFileSync(path: string): boolean {
  try {
    Deno.removeSync(path);
    return true;
  } catch (error) {
    if (isNotThere(error)) return false;
    throw error;
  }
}

function isNotThere(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory;
}
