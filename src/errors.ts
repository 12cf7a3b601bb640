/**
 * Something the user can put right: bad data, a missing file, no adapter. The message is one
 * line that says what was wrong, where, and what to do. The command line prints it without a
 * stack trace and exits with 1.
 *
 * @example
 * ```ts no-run
 * import { Gpu, UserError } from "@agd/gpt2";
 *
 * try {
 *   using gpu = await Gpu.open();
 *   console.log(gpu.adapterName);
 * } catch (error) {
 *   if (!(error instanceof UserError)) throw error;
 *   console.error(error.message);
 * }
 * ```
 */
export class UserError extends Error {
  /** Tells it from other errors where it is printed. */
  override name = "UserError";
}

/**
 * The command or function was called wrongly: unknown flag, impossible shape. The command line
 * exits with 2.
 *
 * @example
 * ```ts no-run
 * import { Gpu, UsageError } from "@agd/gpt2";
 *
 * try {
 *   using gpu = await Gpu.open();
 *   console.log(gpu.adapterName);
 * } catch (error) {
 *   if (!(error instanceof UsageError)) throw error;
 *   console.error(error.message);
 * }
 * ```
 */
export class UsageError extends UserError {
  /** Tells it from other errors where it is printed. */
  override name = "UsageError";
}

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
