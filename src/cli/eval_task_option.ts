import { UsageError } from "../errors.ts";
import { type EvaluateTaskOptions, TASK_NAMES } from "../train/tasks/evaluate_task.ts";
import type { Arguments } from "./arguments.ts";

/** A task, its file, and how much of it counts. */
export type EvalTask = Pick<EvaluateTaskOptions, "task" | "data" | "limit">;

/**
 * Reads `--eval-task`, e.g. `lambada=lambada_test.jsonl`, and `--eval-limit`.
 *
 * @throws {UsageError} If it has another form, or there is a limit without it.
 */
export function evalTaskOption(options: Arguments): EvalTask | undefined {
  const text = options.text("eval-task");
  const limit = options.integer("eval-limit");
  if (text === undefined) {
    if (limit !== undefined) throw new UsageError("--eval-limit goes with --eval-task");
    return undefined;
  }
  const task = TASK_NAMES.find((name) => text.startsWith(`${name}=`));
  const data = task && text.slice(task.length + 1);
  if (task && data) return { task, data, limit };
  throw new UsageError(
    `--eval-task must be a task and its file, such as lambada=lambada_test.jsonl, not '${text}'; ` +
      `tasks are ${TASK_NAMES.join(", ")}`,
  );
}
