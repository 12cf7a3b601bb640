import { fileError } from "../errors.ts";

/**
 * Writes a file; the old one stays until the new one is whole.
 *
 * @throws {UserError} If it cannot be written.
 */
export async function replaceFile(path: string, text: string): Promise<void> {
  try {
    await Deno.writeTextFile(`${path}.tmp`, text);
    await Deno.rename(`${path}.tmp`, path);
  } catch (error) {
    throw fileError(error, `${path}: cannot write`);
  }
}
