import project from "../../deno.json" with { type: "json" };

/**
 * How the user calls a task, for hints: as `./run train` if started by that, whose users need not
 * have Deno on their path, and else as `deno task train`.
 */
export function commandOf(task: string): string {
  return `${Deno.env.get("GPT2_COMMAND") || "deno task"} ${task}`;
}

/** What `--version` prints. */
export function versionText(): string {
  return `${project.name} ${project.version}, Deno ${Deno.version.deno}, ${Deno.build.target}`;
}
