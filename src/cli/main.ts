import { UsageError, UserError } from "../errors.ts";
import { type Arguments, type CommandSpec, helpText, parseArguments } from "./arguments.ts";

/**
 * Runs a command: exit code 2 if it was called wrongly, 1 if it failed for a reason that the user
 * can act on. Anything else is our mistake, and shows where it happened.
 */
export async function main(
  command: CommandSpec,
  run: (options: Arguments) => Promise<number | void>,
): Promise<void> {
  // Without a display Mesa's EGL complains on stderr; Vulkan alone does not.
  if (Deno.build.os === "linux" && !Deno.env.get("DENO_WEBGPU_BACKEND")) {
    Deno.env.set("DENO_WEBGPU_BACKEND", "vulkan");
  }
  try {
    const options = parseArguments(Deno.args, command);
    if (!options) {
      console.log(helpText(command));
      return;
    }
    Deno.exitCode = await run(options) ?? 0;
  } catch (error) {
    // A reader of our output that stops early, such as `head`, is no failure.
    if (error instanceof Deno.errors.BrokenPipe) return;
    if (!(error instanceof UserError)) throw error;
    console.error(`error: ${error.message}`);
    if (error instanceof UsageError) console.error(`See deno task ${command.name} --help.`);
    Deno.exitCode = error instanceof UsageError ? 2 : 1;
  }
}
