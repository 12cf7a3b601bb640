import { UsageError, UserError } from "../errors.ts";
import { warn } from "../warn.ts";
import { type Arguments, type CommandSpec, parseArguments } from "./arguments.ts";
import { outliveHangUp } from "./interrupt.ts";
import { isOutputLost, printLine } from "./terminal.ts";

/** Runs a command as a process of its own would: with its arguments, or else with the process's. */
export type Start = (args?: readonly string[]) => Promise<void>;

/**
 * Runs a command: exit code 2 if it was called wrongly, 1 if it failed for a reason that the user
 * can act on, each with one line on standard error. Anything else is our mistake, and shows where
 * it happened.
 *
 * @param how The `args`, if not the process's; whether it `isSilent`, since the first of several
 * processes prints the same; and how to `tell` of an error and choose the exit code, if otherwise.
 */
export async function main(
  command: CommandSpec,
  run: (options: Arguments) => Promise<number | void>,
  { args = Deno.args, isSilent = false, tell = tellError }: {
    args?: readonly string[];
    isSilent?: boolean;
    tell?: (error: UserError) => number | Promise<number>;
  } = {},
): Promise<void> {
  if (Deno.build.os === "linux") {
    // Without a display Mesa's EGL complains on stderr.
    setDefault("DENO_WEBGPU_BACKEND", "vulkan");
  }
  outliveHangUp();
  try {
    const options = parseArguments(args, command);
    if (typeof options === "string") return isSilent ? undefined : printLine(options);
    Deno.exitCode = await run(options) || (isOutputLost() ? 1 : 0);
  } catch (thrown) {
    const error = firstError(thrown);
    // That a sample's reader stops early, such as `head`, is no failure.
    if (error instanceof Deno.errors.BrokenPipe) return;
    if (!(error instanceof UserError)) throw error;
    Deno.exitCode = await tell(error);
  }
}

/** Prints the line on an error; returns the exit code. */
export function tellError(error: Error): number {
  warn(`error: ${error.message}`);
  return exitCodeOf(error);
}

/** What a command exits with. */
export function exitCodeOf(error: Error): number {
  return error instanceof UsageError ? 2 : 1;
}

/** What went wrong first, if what was then cleaned up failed too. */
export function firstError(error: unknown): unknown {
  while (error instanceof SuppressedError) error = error.suppressed;
  return error;
}

function setDefault(name: string, value: string): void {
  if (!Deno.env.get(name)) Deno.env.set(name, value);
}
