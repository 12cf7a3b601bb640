import { hasTerminal } from "./terminal.ts";

/**
 * Half of the time for which a second signal counts as the same Ctrl-C: Deno's task runner passes it
 * on as well, within a few milliseconds. Nobody presses twice within a tenth of a second.
 */
const SAME_KEY_MS = 50;

const isWindows = Deno.build.os === "windows";

/** Tells of Ctrl-C, of a request to terminate, and of the terminal that was closed. */
export interface Interrupt extends Disposable {
  signal: AbortSignal;
  /** 128 and the signal's number once there was one, otherwise 0. */
  readonly exitCode: number;
}

/**
 * Turns the first SIGINT, SIGTERM or, from a terminal, SIGHUP into an abort, so that work can be
 * saved. A later one exits at once, but for SIGHUP, of which a closed terminal may send many.
 */
export function interruptSignal(onInterrupt: () => void): Interrupt {
  const controller = new AbortController();
  const exits = new DisposableStack();
  const hangUp = new DisposableStack();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let exitCode = 0;
  let isArmed = false;
  const later = (action: () => void) => timer = setTimeout(action, SAME_KEY_MS);
  const arm = () => {
    isArmed = true;
    // The system ends the process at once, also while a step holds the event loop up.
    if (!isWindows) exits.dispose();
  };
  const interrupt = (code: number) => {
    if (exitCode !== 0) return;
    exitCode = code;
    // Twice, because after the event loop was held up the first timer may come before a signal
    // that has been waiting.
    later(() => later(arm));
    onInterrupt();
    controller.abort();
  };
  const interruptOrExit = (code: number) => isArmed ? Deno.exit(code) : interrupt(code);
  listen(exits, "SIGINT", () => interruptOrExit(130));
  if (!isWindows) listen(exits, "SIGTERM", () => interruptOrExit(143));
  if (!isWindows && hasTerminal()) listen(hangUp, "SIGHUP", () => interrupt(129));
  return {
    signal: controller.signal,
    get exitCode() {
      return exitCode;
    },
    [Symbol.dispose]() {
      exits.dispose();
      hangUp.dispose();
      clearTimeout(timer);
    },
  };
}

/**
 * Without a terminal lets the process outlive SIGHUP: Deno would end it, even where nohup has told
 * the system to ignore that signal.
 */
export function outliveHangUp(): void {
  if (!isWindows && !hasTerminal()) Deno.addSignalListener("SIGHUP", () => {});
}

function listen(stack: DisposableStack, name: Deno.Signal, listener: () => void): void {
  Deno.addSignalListener(name, listener);
  stack.defer(() => Deno.removeSignalListener(name, listener));
}
