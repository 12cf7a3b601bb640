import project from "../../deno.json" with { type: "json" };

/**
 * How the user calls a task, for hints: as `./run train` if started by that, whose users need not
 * have Deno on their path, and else as `deno task train`.
 */
export function commandOf(task: string): string {
  const run = Deno.env.get("GPT2_COMMAND");
  return `${run ? shellWord(run) : "deno task"} ${task}`;
}

/** A path as it is typed into a shell: in quotes where it needs them. */
export function shellWord(path: string): string {
  return /^[\w@%+=:,./\\-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}

/** What `--version` prints. */
export function versionText(): string {
  return `${project.name} ${project.version}, Deno ${Deno.version.deno}, ${Deno.build.target}`;
}
