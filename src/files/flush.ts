import { fileError } from "./file_error.ts";

/**
 * Makes sure that a file, or the names in a directory, are on the disk and not only in memory.
 *
 * @throws {UserError} If the operating system fails to.
 */
export async function flush(path: string): Promise<void> {
  if (Deno.build.os === "windows") return; // which flushes only files that are open for writing
  try {
    using file = await Deno.open(path);
    await file.sync();
  } catch (error) {
    throw fileError(error, `${path}: cannot flush to disk`);
  }
}
