import { UsageError } from "../errors.ts";
import { type EvaluateTaskOptions, TASK_NAMES } from "../train/tasks/evaluate_task.ts";
import type { Arguments } from "./arguments.ts";

/** A task, its file, and how much of it counts. */
export type EvalTask = Pick<EvaluateTaskOptions, "task" | "data" | "limit">;

/**
 * Reads each `--eval-task`, e.g. `lambada=lambada_test.jsonl`, and `--eval-limit`.
 *
 * @throws {UsageError} If one has another form, or is given twice, or there is a limit without any.
 */
export function evalTaskOptions(options: Arguments): EvalTask[] {
  const limit = options.integer("eval-limit");
  const tasks = options.list("eval-task").map((text) => parse(text, limit));
  if (tasks.length === 0 && limit !== undefined) {
    throw new UsageError("--eval-limit goes with --eval-task");
  }
  const names = tasks.map(({ task }) => task);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice) throw new UsageError(`--eval-task ${twice} is given twice`);
  return tasks;
}

function parse(text: string, limit: number | undefined): EvalTask {
  const task = TASK_NAMES.find((name) => text.startsWith(`${name}=`));
  const data = task && text.slice(task.length + 1);
  if (task && data) return { task, data, limit };
  throw new UsageError(
    `--eval-task must be a task and its file, such as lambada=lambada_test.jsonl, not '${text}'; ` +
      `tasks are ${TASK_NAMES.join(", ")}`,
  );
}
