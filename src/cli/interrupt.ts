/** Deno's task runner passes on a Ctrl-C that the terminal has sent already. */
const SAME_KEY_MS = 300;

/** Tells of Ctrl-C and of a request to terminate. */
export interface Interrupt extends Disposable {
  signal: AbortSignal;
  /** 128 and the signal's number once there was one, otherwise 0. */
  readonly exitCode: number;
}

/**
 * Turns the first SIGINT or SIGTERM into an abort, so that work can be saved; a second one exits
 * at once.
 */
export function interruptSignal(onInterrupt: () => void): Interrupt {
  const controller = new AbortController();
  let exitCode = 0;
  let since = 0;
  const listeners = ([["SIGINT", 130], ["SIGTERM", 143]] as const)
    .filter(([name]) => name === "SIGINT" || Deno.build.os !== "windows")
    .map(([name, code]) => {
      const listener = () => {
        if (exitCode !== 0) {
          if (performance.now() - since > SAME_KEY_MS) Deno.exit(code);
          return;
        }
        exitCode = code;
        since = performance.now();
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
    [Symbol.dispose]: () => listeners.forEach((remove) => remove()),
  };
}
