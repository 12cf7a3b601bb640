/**
 * Half of the time for which a second signal counts as the same Ctrl-C: Deno's task runner passes it
 * on as well, within a few milliseconds. Nobody presses twice within a tenth of a second.
 */
const SAME_KEY_MS = 50;

/** Tells of Ctrl-C and of a request to terminate. */
export interface Interrupt extends Disposable {
  signal: AbortSignal;
  /** 128 and the signal's number once there was one, otherwise 0. */
  readonly exitCode: number;
}

/**
 * Turns the first SIGINT or SIGTERM into an abort, so that work can be saved; a later one exits
 * at once.
 */
export function interruptSignal(onInterrupt: () => void): Interrupt {
  const controller = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let exitCode = 0;
  let isArmed = false;
  const arm = () => {
    isArmed = true;
    // The system ends the process at once, also while a step holds the event loop up.
    if (Deno.build.os !== "windows") release();
  };
  const release = () => {
    for (const remove of listeners.splice(0)) remove();
  };
  const later = (action: () => void) => timer = setTimeout(action, SAME_KEY_MS);
  const listeners = ([["SIGINT", 130], ["SIGTERM", 143]] as const)
    .filter(([name]) => name === "SIGINT" || Deno.build.os !== "windows")
    .map(([name, code]) => {
      const listener = () => {
        if (isArmed) Deno.exit(code);
        if (exitCode !== 0) return;
        exitCode = code;
        // Twice, because after the event loop was held up the first timer may come before a
        // signal that has been waiting.
        later(() => later(arm));
        onInterrupt();
        controller.abort();
      };
      Deno.addSignalListener(name, listener);
      return () => Deno.removeSignalListener(name, listener);
    });
  return {
    signal: controller.signal,
    get exitCode() {
      return exitCode;
    },
    [Symbol.dispose]() {
      release();
      clearTimeout(timer);
    },
  };
}
