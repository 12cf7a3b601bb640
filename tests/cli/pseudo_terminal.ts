/** Runs a command in a pseudo-terminal, by `script` of util-linux. */
export function inTerminal(command: readonly string[], options: Deno.CommandOptions): Deno.Command {
  const quoted = command.map((part) => `'${part}'`).join(" ");
  return new Deno.Command("script", { ...options, args: ["-qec", quoted, "/dev/null"] });
}

/** Why there is no pseudo-terminal here; nothing where there is one. */
function reason(): string {
  if (Deno.build.os !== "linux") return "script has other arguments here";
  try {
    const { success, stderr } = inTerminal(["true"], { stdin: "null" }).outputSync();
    return success ? "" : new TextDecoder().decode(stderr).trim() || "script fails";
  } catch {
    return "there is no script of util-linux";
  }
}

const missing = reason();

/** The name of a test that needs a pseudo-terminal, with the reason if it is skipped. */
export function terminalTest(name: string): { name: string; ignore: boolean } {
  const skipped = missing !== "";
  return { name: skipped ? `${name} (no pseudo-terminal: ${missing})` : name, ignore: skipped };
}
