import { type ErrorCode, UserError } from "../errors.ts";

/** Codes of the operating system that programs want to tell apart; all others are `FILE`. */
const CODES: Partial<Record<string, ErrorCode>> = {
  ENOENT: "NOT_FOUND",
  EEXIST: "EXISTS",
  EACCES: "PERMISSION",
  EPERM: "PERMISSION",
  EROFS: "PERMISSION",
  ENOSPC: "NO_SPACE",
  EDQUOT: "NO_SPACE",
};

/** Linux's numbers of those for which Deno has no name. */
const NUMBERS: Partial<Record<string, ErrorCode>> = { 122: "NO_SPACE" }; // EDQUOT

/**
 * The code of an error of the operating system's, or of Deno's permissions; undefined of any other.
 * Deno gives errors that it has no class for, such as a quota's or a network file system's, no code:
 * their message ends in the number.
 */
function codeOf(error: Error): ErrorCode | undefined {
  if (error instanceof Deno.errors.NotCapable) return "PERMISSION";
  if ("code" in error && typeof error.code === "string") return CODES[error.code] ?? "FILE";
  const number = error.message.match(/\(os error (\d+)\)/)?.[1];
  if (number === undefined) return undefined;
  return Deno.build.os === "linux" ? NUMBERS[number] ?? "FILE" : "FILE";
}

/**
 * An error thrown by a file operation, as the user's to put right if the operating system or
 * Deno's permissions refused it: `what`, then why. Any other error is a defect and stays itself,
 * and so does what is the user's already.
 *
 * @param what For example `runs/a/config.json: cannot read`.
 */
export function fileError(error: unknown, what: string): unknown {
  if (!(error instanceof Error) || error instanceof UserError) return error;
  const code = codeOf(error);
  if (!code) return error;
  // The operating system's words, without the number and call that Deno adds.
  return new UserError(`${what}: ${error.message.replace(/ \(os error \d+\).*$/s, "")}`, code);
}
