/** Clears the line that the cursor is on. */
export const ERASE = "\r\x1b[2K";

/** Whether someone may be watching: nohup and service managers leave no stream to a terminal. */
export function hasTerminal(): boolean {
  return [Deno.stdin, Deno.stdout, Deno.stderr].some((stream) => stream.isTerminal());
}

/** @throws {Error} If there is no terminal, or none any more. */
export function terminalColumns(): number {
  return Deno.consoleSize().columns || 80; // some pseudo-terminals have no size
}

/** Writes text as it is, without a line feed. */
export function writeText(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}

let isTold = false;

/**
 * Writes what shows how work goes. Where that cannot be written, as when the terminal is gone or a
 * disk is full, the work goes on, and standard error says so once.
 */
export function show(write: () => void): void {
  try {
    write();
  } catch (error) {
    if (isTold) return;
    isTold = true;
    try {
      const reason = error instanceof Error ? error.message : error;
      console.error(`standard output cannot be written (${reason}): goes on without it`);
    } catch {
      // Nobody is there to read it.
    }
  }
}
