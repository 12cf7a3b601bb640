import { UserError } from "../errors.ts";
import { Interruption } from "./retries.ts";

/** How long a server may send nothing, unless told otherwise, in milliseconds. */
const TIMEOUT = 30_000;

/** A request under way. */
export interface Exchange {
  /** What errors call what is asked for. */
  name: string;
  /** How long the server may send nothing, in milliseconds. @default 30000 */
  timeout?: number;
  /** Ends the request. */
  controller: AbortController;
}

/**
 * Waits for the network. What takes too long ends the request.
 *
 * @param why What to say of a failure. @default Deno's reason
 * @throws {Interruption} If nothing came in time, or it failed.
 * @throws {UserError} If Deno may not use the network.
 */
export async function waitForNetwork<T>(
  { name, timeout = TIMEOUT, controller }: Exchange,
  promise: () => Promise<T>,
  why: (error: Error) => string = reason,
): Promise<T> {
  const stalled = new Interruption(`the server sent nothing for ${timeout / 1000} s`);
  const timer = setTimeout(() => controller.abort(stalled), timeout);
  try {
    return await promise();
  } catch (error) {
    if (controller.signal.aborted) throw stalled;
    if (error instanceof Deno.errors.NotCapable) {
      throw new UserError(
        `${name}: Deno may not use the network; run it with --allow-net`,
        "PERMISSION",
      );
    }
    throw new Interruption(why(error as Error));
  } finally {
    clearTimeout(timer);
  }
}

/** Why a request failed: the last of what Deno strings together, without the system's number. */
function reason({ message, cause }: Error): string {
  const whole = cause instanceof Error ? cause.message : message;
  return whole.replace(/ \(os error \d+\)$/, "").replace(/^.*: (?=[^:]+$)/s, "");
}

/** What a server answers by its status, e.g. `the server answers 404 Not Found`. */
export function answerOf({ status, statusText }: Response, who = "the server"): string {
  return `${who} answers ${status} ${statusText}`.trimEnd();
}

/**
 * Makes sure that a server is not too busy to answer, or out of order.
 *
 * @param answer Its {@linkcode answerOf}.
 * @throws {Interruption} If it is, with the time that it asks to wait.
 */
export function checkNotBusy({ status, headers }: Response, answer: string): void {
  if (status === 408 || status === 429 || status >= 500) {
    throw new Interruption(answer, 1000 * (Number(headers.get("retry-after")) || 0));
  }
}
