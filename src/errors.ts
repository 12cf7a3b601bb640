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
 * Training stopped because a loss was no longer a number: the data is in order, and with another
 * learning rate or seed it may go well.
 *
 * @example
 * ```ts no-run
 * import { DivergedError, type TokenBatch, train, type Trainer } from "@agd/gpt2";
 *
 * declare const trainer: Trainer;
 * declare const batches: AsyncIterable<TokenBatch>;
 * try {
 *   await train(trainer, { batches, steps: 1000 });
 * } catch (error) {
 *   if (!(error instanceof DivergedError)) throw error;
 *   console.error(error.message);
 * }
 * ```
 */
export class DivergedError extends UserError {
  /** Tells it from other errors where it is printed. */
  override name = "DivergedError";
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
