import { UsageError } from "../errors.ts";
import type { Gpt2 } from "../model/gpt2.ts";
import { evaluateTask, type TaskName, type TaskResult } from "../train/tasks/evaluate_task.ts";
import type { Arguments } from "./arguments.ts";
import { progressLine } from "./progress_bar.ts";
import { ERASE, printJson, printLine, terminalColumns, writeText } from "./terminal.ts";

/** Options that say how a text is read, of which a task's file has nothing. */
const OF_TEXTS = [
  ...["split", "stride", "eval-batches", "column", "lang", "min-tokens", "skip-bad"],
];

/** The least time between two drawings of the bar, in milliseconds. */
const BETWEEN_DRAWINGS = 200;

/**
 * The file that a task is measured on.
 *
 * @throws {UsageError} If there is not one, or an option is given that goes with texts only.
 */
export function taskData(options: Arguments, task: TaskName): string {
  const [data, ...others] = options.list("data");
  if (data === undefined || others.length > 0) {
    throw new UsageError(`--task ${task} is measured on one --data FILE, as it was published`);
  }
  if (data === "-") throw new UsageError(`--task ${task} takes a file, not standard input`);
  const given = options.given();
  const refused = OF_TEXTS.find((name) => name in given);
  if (refused) throw new UsageError(`--${refused} cannot go with --task`);
  return data;
}

/** Measures a model by a task, with a bar on terminals, and prints the scores. */
export async function measureTask(
  model: Gpt2,
  task: TaskName,
  data: string,
  options: Arguments,
): Promise<void> {
  const json = options.flag("json");
  const isBar = !json && Deno.stdout.isTerminal();
  let drawnAt = 0;
  const onProgress = (done: number, all: number) => {
    if (!isBar || performance.now() < drawnAt + BETWEEN_DRAWINGS) return;
    drawnAt = performance.now();
    const count = `${done.toLocaleString("en")}/${all.toLocaleString("en")}`;
    writeText(ERASE + progressLine(done / all, [count], terminalColumns() - 1));
  };
  const [limit, batch] = [options.integer("limit"), options.integer("batch")];
  let result: TaskResult;
  try {
    result = await evaluateTask(model, { task, data, limit, batch, onProgress });
  } finally {
    if (drawnAt > 0) writeText(ERASE);
  }
  const { questions, scores } = result;
  if (json) printJson({ task, questions, ...scores });
  else printLine(describe(result));
}

/** A measure a line, and how many questions it is of. */
function describe({ task, questions, scores }: TaskResult): string {
  const number = (name: string, value: number) => value.toFixed(name.startsWith("acc") ? 4 : 2);
  const rows = [
    ["task", task],
    ...Object.entries(scores).map(([name, value]) => [name, number(name, value)]),
    [task === "wikitext" ? "articles" : "questions", questions.toLocaleString("en")],
  ];
  const width = Math.max(...rows.map(([name]) => name.length)) + 2;
  return rows.map(([name, value]) => name.padEnd(width) + value).join("\n");
}
