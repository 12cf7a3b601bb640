import { type ErrorCode, UserError } from "../errors.ts";

/** What Git LFS leaves in the place of a file that is not fetched begins so. */
const BEGINNING = "version https://git-lfs";

/** A pointer has fewer bytes than this, says Git LFS's specification. */
const LIMIT = 1024;

/**
 * Makes sure that a file is not a Git LFS pointer: a short text that stands for it.
 *
 * @param content The whole of the file, or at least 1 kiB of its beginning.
 * @param code Of the error.
 * @throws {UserError} If it is one.
 */
export function checkNotLfsPointer(
  name: string,
  content: string | Uint8Array,
  code: ErrorCode,
): void {
  if (content.length >= LIMIT) return;
  const text = typeof content === "string" ? content : new TextDecoder().decode(content);
  if (!text.startsWith(BEGINNING)) return;
  throw new UserError(`${name} is a Git LFS pointer, not the file: run git lfs pull`, code);
}
