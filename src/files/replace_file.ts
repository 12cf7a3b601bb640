import { createFile } from "./create_file.ts";
import { fileError } from "./file_error.ts";
import { writeAll } from "./transfer.ts";

/**
 * Writes a file as `path.tmp`, flushes it to disk and renames it, so that a half-written file never
 * takes an old one's place. A link at either name is replaced, and not followed.
 *
 * @param temporary Another name for it until then, where two may write to the same path.
 * @throws {UserError} If it cannot be written.
 */
export async function replaceFile(
  path: string,
  write: (file: Deno.FsFile) => Promise<void>,
  temporary = `${path}.tmp`,
): Promise<void> {
  try {
    {
      using file = await createFile(temporary);
      await write(file);
      await file.sync();
    }
    await Deno.rename(temporary, path);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {}); // it may never have been created
    throw fileError(error, `${path}: cannot write`);
  }
}

/** Writes a text as {@linkcode replaceFile} does. */
export async function replaceText(
  path: string,
  text: string,
  temporary?: string,
): Promise<void> {
  await replaceFile(path, (file) => writeAll(file, new TextEncoder().encode(text)), temporary);
}
