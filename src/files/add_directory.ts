import { UserError } from "../errors.ts";
import { fileError } from "./file_error.ts";
import { flush } from "./flush.ts";

/**
 * Adds a directory that is whole as soon as it has its name: it is written under another one,
 * flushed to disk and renamed. If that fails, what was at either name before stays as it was.
 *
 * @param temporary The other name, beside it; there must be nothing yet.
 * @param write Writes the files.
 * @throws {UserError} If there is something at one of the names, or it cannot be written.
 */
export async function addDirectory(
  path: string,
  temporary: string,
  write: (directory: string) => Promise<void>,
): Promise<void> {
  try {
    await Deno.mkdir(temporary);
  } catch (error) {
    throw fileError(error, `${temporary}: cannot create`);
  }
  try {
    await write(temporary);
    for (const { name } of Deno.readDirSync(temporary)) await flush(`${temporary}/${name}`);
    await flush(temporary);
    await Deno.rename(temporary, path);
  } catch (error) {
    await Deno.remove(temporary, { recursive: true }).catch(() => {}); // as far as it got
    if (isThere(error)) throw new UserError(`${path} exists already: choose another one`, "EXISTS");
    throw fileError(error, `${path}: cannot write`);
  }
  await flush(parentOf(path));
}

/** Whether renaming failed for what is there: systems tell of that in several ways. */
function isThere(error: unknown): boolean {
  return error instanceof Deno.errors.AlreadyExists || error instanceof Deno.errors.NotADirectory ||
    error instanceof Error && "code" in error && error.code === "ENOTEMPTY";
}

function parentOf(path: string): string {
  return path.replace(/[/\\]+$/, "").replace(/[^/\\]*$/, "") || ".";
}
