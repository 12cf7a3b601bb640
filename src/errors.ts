/**
 * Something the user can put right: bad data, a missing file, no adapter. The message is one
 * line that says what was wrong, where, and what to do. The command line prints it without a
 * stack trace and exits with 1.
 */
export class UserError extends Error {
  override name = "UserError";
}

/**
 * The command or function was called wrongly: unknown flag, impossible shape. The command line
 * exits with 2.
 */
export class UsageError extends UserError {
  override name = "UsageError";
}
