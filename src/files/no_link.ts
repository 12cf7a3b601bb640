import { UserError } from "../errors.ts";
import { fileError } from "./file_error.ts";

/**
 * Makes sure that a path in a run's directory is no symbolic link, which writing would follow.
 *
 * @throws {UserError} If it is one.
 */
export function checkNoLink(path: string): void {
  let isLink: boolean;
  try {
    isLink = Deno.lstatSync(path).isSymlink;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw fileError(error, `${path}: cannot read`);
  }
  if (isLink) {
    throw new UserError(
      `${path} is a link, and nothing is written to where it leads: remove it`,
      "FILE",
    );
  }
}
