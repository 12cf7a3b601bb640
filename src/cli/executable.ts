/** The executable that `deno task build` makes: each task, by its name. */
import project from "../../deno.json" with { type: "json" };
import { UsageError } from "../errors.ts";
import { closestName } from "./arguments.ts";
import { versionText } from "./command.ts";
import { type Start, tellError } from "./main.ts";
import { printLine } from "./terminal.ts";

/** What the executable is called, in hints. */
export const EXECUTABLE = "agd-gpt2";

/** The tasks that are in it, as modules that run them: one is loaded only if it is asked for. */
const TASKS = {
  train: () => import("./train.ts"),
  sample: () => import("./sample.ts"),
  eval: () => import("./eval.ts"),
  inspect: () => import("./inspect.ts"),
  prepare: () => import("./prepare.ts"),
  export: () => import("./export.ts"),
  compare: () => import("./compare.ts"),
  dashboard: () => import("./dashboard.ts"),
  devices: () => import("./devices.ts"),
} satisfies Record<string, () => Promise<{ start: Start }>>;

type TaskName = keyof typeof TASKS;

/** The names of the tasks that are in it. */
export const TASK_NAMES = Object.keys(TASKS) as TaskName[];

function isTask(name: string): name is TaskName {
  return Object.hasOwn(TASKS, name);
}

function usage(): string {
  const width = Math.max(...TASK_NAMES.map((name) => name.length)) + 1;
  const lines = TASK_NAMES.map((name) =>
    `  ${EXECUTABLE} ${name.padEnd(width)}${project.tasks[name].description}`
  );
  return [
    ...[`Usage: ${EXECUTABLE} <task> [options]`, "", ...lines, ""],
    `Each task explains its own options: ${EXECUTABLE} train --help.`,
  ].join("\n");
}

/**
 * Gives up, for good, the kinds of permission that the task does not have when it is run by itself:
 * the executable has those of all.
 */
function limitTo(task: TaskName): void {
  for (const name of ["read", "write", "net", "ffi"] as const) {
    if (!(name in project.permissions[task])) Deno.permissions.revokeSync({ name });
  }
}

async function run([task, ...args]: readonly string[]): Promise<void> {
  if (task === undefined) {
    Deno.exitCode = 2;
    return console.error(usage());
  }
  if (task === "--help" || task === "-h") return printLine(usage());
  if (task === "--version") return printLine(versionText());
  if (!isTask(task)) {
    Deno.exitCode = tellError(unknownTask(task));
    return;
  }
  if (!Deno.env.get("GPT2_COMMAND")) Deno.env.set("GPT2_COMMAND", EXECUTABLE);
  const { start } = await TASKS[task]();
  limitTo(task);
  await start(args);
}

function unknownTask(given: string): UsageError {
  if (given.startsWith("-")) {
    return new UsageError(
      `the task comes first, as in ${EXECUTABLE} train ${given}: ${EXECUTABLE} --help lists all`,
    );
  }
  const near = closestName(given, TASK_NAMES);
  const advice = near ? `did you mean ${EXECUTABLE} ${near}? ` : "";
  return new UsageError(
    `there is no task '${given}': ${advice}${EXECUTABLE} --help lists all`,
  );
}

if (import.meta.main) await run(Deno.args);
