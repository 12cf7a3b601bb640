import { printable } from "./printable.ts";

/** Writes a line to standard error. That nobody can read it is no reason to fail. */
export function warn(text: string): void {
  try {
    console.error(printable(text));
  } catch {
    // The terminal is gone, or the disk of a log is full.
  }
}
