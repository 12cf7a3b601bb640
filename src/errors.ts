/**
 * Errors of the user's to put right, told apart by class and by a code that does not change.
 *
 * @example
 * ```ts
 * import { findShards } from "@agd/gpt2/data";
 * import { UserError } from "@agd/gpt2/errors";
 *
 * try {
 *   await findShards(["no-such-file.txt"]);
 * } catch (error) {
 *   if (!(error instanceof UserError)) throw error;
 *   console.log(error.code, error.message); // NOT_FOUND no such file or directory: no-such-file.txt
 * }
 * ```
 *
 * @module
 */

/**
 * What went wrong, for programs: a message may change, a code does not. A case that has none of its
 * own yet is `OTHER`.
 *
 * | code | case |
 * | --- | --- |
 * | `USAGE` | A function or command was called wrongly: always a {@linkcode UsageError}. |
 * | `NOT_FOUND` | There is no such file, directory, run, model or address. |
 * | `EXISTS` | What would be written is there already, and is not overwritten. |
 * | `PERMISSION` | The operating system, Deno or a server does not allow it. |
 * | `NO_SPACE` | The disk is full. |
 * | `FILE` | A file cannot be read or written for another reason. |
 * | `LOCKED` | Another process is writing to the directory. |
 * | `NETWORK` | A server cannot be reached, or does not answer as it should. |
 * | `DATA` | The data is damaged, of another kind, too short, or not that of the run. |
 * | `CHECKPOINT` | A model or run is damaged, incomplete, of another kind, or does not fit. |
 * | `DIVERGED` | A loss or weight is no longer a number, or too many steps were skipped. |
 * | `NO_ADAPTER` | There is no WebGPU adapter. |
 * | `UNSUPPORTED` | The adapter lacks something optional, e.g. 16-bit floats. |
 * | `OUT_OF_MEMORY` | Memory ran out, or the adapter does not allow as much at once. |
 * | `DEVICE_LOST` | The GPU went away: open it anew. |
 * | `OTHER` | Anything else. |
 */
export type ErrorCode =
  | "USAGE"
  | "NOT_FOUND"
  | "EXISTS"
  | "PERMISSION"
  | "NO_SPACE"
  | "FILE"
  | "LOCKED"
  | "NETWORK"
  | "DATA"
  | "CHECKPOINT"
  | "DIVERGED"
  | "NO_ADAPTER"
  | "UNSUPPORTED"
  | "OUT_OF_MEMORY"
  | "DEVICE_LOST"
  | "OTHER";

/**
 * Something the user can put right: bad data, a missing file, no adapter. The message is one
 * line that says what was wrong, where, and what to do. The command line prints it without a
 * stack trace and exits with 1.
 *
 * @example
 * ```ts
 * import { Gpu, loadCheckpoint, UserError } from "@agd/gpt2";
 *
 * try {
 *   using gpu = await Gpu.open();
 *   using _model = await loadCheckpoint(gpu, "runs/none");
 * } catch (error) {
 *   if (!(error instanceof UserError)) throw error;
 *   if (error.code === "NO_ADAPTER") console.error("a GPU is needed");
 *   else console.error(error.message);
 * }
 * ```
 */
export class UserError extends Error {
  /** Tells it from other errors where it is printed. */
  override name = "UserError";
  /** Which case it is. */
  readonly code: ErrorCode;

  /** An error of this case. */
  constructor(message: string, code: ErrorCode = "OTHER") {
    super(message);
    this.code = code;
  }
}

/**
 * The command or function was called wrongly: unknown flag, impossible shape. The command line
 * exits with 2.
 *
 * @example
 * ```ts
 * import { fullVocabulary, Gpt2, Gpu, UsageError } from "@agd/gpt2";
 *
 * using gpu = await Gpu.open();
 * const shape = { layers: 1, heads: 3, width: 32, context: 32 };
 * try {
 *   await Gpt2.create(gpu, shape, { vocabulary: fullVocabulary() });
 * } catch (error) {
 *   if (!(error instanceof UsageError)) throw error;
 *   console.error(error.message); // 3 heads do not divide a width of 32
 * }
 * ```
 */
export class UsageError extends UserError {
  /** Tells it from other errors where it is printed. */
  override name = "UsageError";

  /** Its code is `USAGE`. */
  constructor(message: string) {
    super(message, "USAGE");
  }
}

/**
 * Training stopped because a loss was no longer a number: the data is in order, and with another
 * learning rate or seed it may go well.
 *
 * @example
 * ```ts
 * import { DivergedError, Gpu, loadCheckpoint, openTokenStream, Sgd, train, Trainer } from "@agd/gpt2";
 *
 * using gpu = await Gpu.open();
 * using model = await loadCheckpoint(gpu, "runs/base");
 * using trainer = new Trainer(model, {
 *   batch: 2,
 *   optimizer: (target) => new Sgd(target, { learningRate: 1e30 }),
 * });
 * await using batches = await openTokenStream({
 *   data: ["data"],
 *   vocabulary: model.vocabulary,
 *   context: model.config.context,
 *   batch: 2,
 *   split: "training",
 *   seed: 1,
 * });
 * try {
 *   await train(trainer, { batches, steps: 100 });
 * } catch (error) {
 *   if (!(error instanceof DivergedError)) throw error;
 *   console.error(error.message);
 * }
 * ```
 */
export class DivergedError extends UserError {
  /** Tells it from other errors where it is printed. */
  override name = "DivergedError";

  /** Its code is `DIVERGED`. */
  constructor(message: string) {
    super(message, "DIVERGED");
  }
}
