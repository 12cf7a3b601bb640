import { fileError } from "./file_error.ts";

/**
 * Whether there is something at a path.
 *
 * @throws {UserError} If the operating system does not tell.
 */
export async function fileExists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw fileError(error, `${path}: cannot read`);
  }
}
