import { UserError } from "../errors.ts";
import { fileError } from "./file_error.ts";
import { checkNotLfsPointer } from "./lfs_pointer.ts";

/**
 * Makes sure that what is at a path, or where a link there leads, is a file: to open a named pipe
 * waits for a writer, and a device may never end. That there is nothing is left to be found out when
 * it is opened.
 *
 * @throws {UserError} If it is something else, or the operating system does not tell.
 */
export function checkRegular(path: string): void {
  let info: Deno.FileInfo;
  try {
    info = Deno.statSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw fileError(error, `${path}: cannot read`);
  }
  if (info.isFile) return;
  const kind = info.isDirectory ? "directory" : info.isFifo ? "named pipe" : "device";
  throw new UserError(`${path} is a ${kind}, not a file`, "FILE");
}

/**
 * Opens a file to read it.
 *
 * @throws {UserError} If there is none, or it cannot be read.
 */
export async function openFile(path: string): Promise<Deno.FsFile> {
  checkRegular(path);
  return await Deno.open(path).catch((error) => {
    throw fileError(error, `${path}: cannot read`);
  });
}

/**
 * The text of a file.
 *
 * @throws {UserError} If there is none, it cannot be read, or a Git LFS pointer stands for it.
 */
export async function readText(path: string): Promise<string> {
  checkRegular(path);
  const text = await Deno.readTextFile(path).catch((error) => {
    throw fileError(error, `${path}: cannot read`);
  });
  checkNotLfsPointer(path, text, "FILE");
  return text;
}

/**
 * The text of a file, if there is one.
 *
 * @throws {UserError} If it cannot be read, or a Git LFS pointer stands for it.
 */
export async function readTextIfThere(path: string): Promise<string | undefined> {
  try {
    return await readText(path);
  } catch (error) {
    if (error instanceof UserError && error.code === "NOT_FOUND") return undefined;
    throw error;
  }
}
