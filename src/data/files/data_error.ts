import { UserError } from "../../errors.ts";

/**
 * Data that is truncated, damaged or malformed. It is what `--skip-bad` counts and skips; a file
 * that is missing or cannot be fetched is another matter.
 */
export class DataError extends UserError {
  /** Its code is `DATA`. */
  constructor(message: string) {
    super(message, "DATA");
  }
}
