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

/**
 * An error thrown by a file operation, as the user's to put right if the operating system or
 * Deno's permissions refused it: `what`, then why. Any other error is a defect and stays itself,
 * and so does what is the user's already.
 *
 * @param what For example `runs/a/config.json: cannot read`.
 */
export function fileError(error: unknown, what: string): unknown {
  if (!(error instanceof Error) || error instanceof UserError) return error;
  const code = error instanceof Deno.errors.NotCapable
    ? "PERMISSION"
    : "code" in error && typeof error.code === "string" && (CODES[error.code] ?? "FILE");
  if (!code) return error;
  // The operating system's words, without the number and call that Deno adds.
  return new UserError(`${what}: ${error.message.replace(/ \(os error \d+\).*$/s, "")}`, code);
}
