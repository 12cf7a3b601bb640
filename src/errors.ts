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
 * import { type Batch, DivergedError, train, type Trainer } from "@agd/gpt2";
 *
 * declare const trainer: Trainer;
 * declare const batches: AsyncIterable<Batch>;
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
