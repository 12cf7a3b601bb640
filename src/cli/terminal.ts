import { UserError } from "../errors.ts";
import { fileError } from "../files/file_error.ts";
import { printable } from "../printable.ts";
import { warn } from "../warn.ts";

/** Clears the line that the cursor is on. */
export const ERASE = "\r\x1b[2K";

/**
 * Whether output goes to a terminal, which may be closed. nohup and service managers leave none;
 * some systems' nohup leaves standard input.
 */
export function hasTerminal(): boolean {
  return Deno.stdout.isTerminal() || Deno.stderr.isTerminal();
}

/** The width of the terminal, or what is taken for it. */
export function terminalColumns(): number {
  try {
    return Deno.consoleSize().columns || 80; // some pseudo-terminals have no size
  } catch {
    return 80; // the terminal is gone
  }
}

/** Prints a line of text, made {@linkcode printable}; see {@linkcode isOutputLost}. */
export function printLine(text: string): void {
  attempt(() => console.log(printable(text)));
}

/** Prints a value as a line of JSON, control characters escaped; see {@linkcode isOutputLost}. */
export function printJson(value: unknown): void {
  const escape = (c: string) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`;
  attempt(() => console.log(JSON.stringify(value).replace(/\p{Cc}/gu, escape)));
}

/** Writes text as it is, see {@linkcode isOutputLost}. */
export function writeText(text: string): void {
  attempt(() => Deno.stdout.writeSync(new TextEncoder().encode(text)));
}

let isLost = false;

/**
 * Whether standard output could not be written, as when the terminal is gone or a disk is full.
 * Standard error has told so once, and the work went on without it.
 */
export function isOutputLost(): boolean {
  return isLost;
}

function attempt(write: () => void): void {
  try {
    write();
  } catch (error) {
    const refusal = fileError(error, "standard output: cannot write");
    if (!(refusal instanceof UserError)) throw error;
    if (!isLost) warn(refusal.message);
    isLost = true;
  }
}
