import { UserError } from "../errors.ts";

/**
 * An error thrown by a file operation, as the user's to put right if the operating system or
 * Deno's permissions refused it: `what`, then why. Any other error is a defect and stays itself.
 *
 * @param what For example `runs/a/config.json: cannot read`.
 */
export function fileError(error: unknown, what: string): unknown {
  const refused = error instanceof Deno.errors.NotCapable ||
    error instanceof Error && "code" in error && typeof error.code === "string";
  if (!refused) return error;
  // The operating system's words, without the number and call that Deno adds.
  return new UserError(`${what}: ${error.message.replace(/ \(os error \d+\).*$/s, "")}`);
}
