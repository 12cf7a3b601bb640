import { UsageError, UserError } from "../../errors.ts";
import { readShard } from "../../data/files/shard.ts";
import { decodeUtf8, firstInvalid, withoutMark } from "../../data/text/utf8.ts";
import { PRESETS } from "../../model/config.ts";
import type { Gpt2 } from "../../model/gpt2.ts";
import type { TensorMap } from "../../model/weights.ts";
import { fullVocabulary } from "../../tokens/vocabulary.ts";
import { LossPass } from "../loss_pass.ts";
import { hellaswag, hellaswagOfHarness } from "./hellaswag.ts";
import { lambada } from "./lambada.ts";
import { type Score, scoreSequences } from "./sequences.ts";
import type { Question, Task } from "./task.ts";
import { wikitext } from "./wikitext.ts";

/** A task by its name. */
export type TaskName = "hellaswag" | "hellaswag-harness" | "lambada" | "wikitext";

const TASKS: Record<TaskName, () => Task> = {
  hellaswag,
  "hellaswag-harness": hellaswagOfHarness,
  lambada,
  wikitext,
};

/** The names of all tasks. */
export const TASK_NAMES = Object.keys(TASKS) as TaskName[];

/** The most bytes of a task's file; WikiText-103's for training has 540 MB and is no test. */
const MOST = 2 ** 28;

/** What to measure, and how. */
export interface EvaluateTaskOptions {
  /** By what to measure. */
  task: TaskName;
  /** The published file: its path, or its URL. */
  data: string;
  /** Stop after so many questions or articles. @default all */
  limit?: number;
  /** Sequences that go through the model at once; only rounding depends on it. @default 8 */
  batch?: number;
  /** What to evaluate. @default the model's weights */
  weights?: TensorMap;
  /** Called after each question, with those that are done and all. */
  onProgress?: (done: number, all: number) => void;
}

/** What came of it. */
export interface TaskResult {
  /** By what it was measured. */
  task: TaskName;
  /** Questions, or articles. */
  questions: number;
  /** By the measures' names, e.g. `acc`. */
  scores: Record<string, number>;
}

/**
 * Measures a model by a task that others publish theirs by: HellaSwag, LAMBADA or WikiText.
 *
 * @throws {UserError} If the file cannot be read, or is none of the task's.
 * @throws {UsageError} If `limit` or `batch` is no positive integer.
 *
 * @example
 * ```ts
 * import { evaluateTask, Gpu, loadCheckpoint } from "@agd/gpt2";
 *
 * using gpu = await Gpu.open();
 * using model = await loadCheckpoint(gpu, "runs/base");
 * const { scores } = await evaluateTask(model, { task: "lambada", data: "lambada_test.jsonl" });
 * console.log(scores.acc, scores.perplexity);
 * ```
 */
export async function evaluateTask(model: Gpt2, options: EvaluateTaskOptions): Promise<TaskResult> {
  const { data, limit, batch = 8, weights = model.weights, onProgress } = options;
  for (const [name, value] of Object.entries({ limit: limit ?? 1, batch })) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new UsageError(`${name} must be a positive integer, not ${value}`);
    }
  }
  const task = TASKS[options.task]();
  const parts = cutFile(await readText(data), data, task).slice(0, limit);
  const { config: { context } } = model;
  using pass = new LossPass(model, weights, batch, true);
  const open: { question: Question; scores: Score[] }[] = [];
  function* sequences() {
    for (const { text, line } of parts) {
      const question = asking(data, line, () => task.ask(text, model.vocabulary, context));
      open.push({ question, scores: [] });
      yield* question.sequences;
    }
  }
  let done = 0;
  for await (const score of scoreSequences(pass, { batch, context }, sequences())) {
    const [{ question, scores }] = open;
    if (scores.push(score) < question.sequences.length) continue;
    question.answer(scores);
    open.shift();
    onProgress?.(++done, parts.length);
  }
  return { task: options.task, questions: done, scores: task.results() };
}

/**
 * Makes sure that a file is one of a task's, before much is done that would be in vain.
 *
 * @throws {UserError} As {@linkcode evaluateTask}.
 */
export async function checkTask(
  { task: name, data, limit }: Pick<EvaluateTaskOptions, "task" | "data" | "limit">,
): Promise<void> {
  const task = TASKS[name]();
  const vocabulary = fullVocabulary();
  const { context } = PRESETS.gpt2;
  for (const { text, line } of cutFile(await readText(data), data, task).slice(0, limit)) {
    asking(data, line, () => task.ask(text, vocabulary, context));
  }
}

function cutFile(text: string, file: string, task: Task): { text: string; line: number }[] {
  const lines = () => text.split("\n").map((text, i) => ({ text, line: i + 1 }));
  const parts = asking(file, 1, () => task.cut?.(text) ?? lines())
    .filter(({ text }) => text.trim() !== "");
  if (parts.length === 0) throw new UserError(`${file} is empty`, "DATA");
  return parts;
}

/** Does something with a line of a file; what is wrong is told with its place. */
function asking<T>(file: string, line: number, action: () => T): T {
  try {
    return action();
  } catch (error) {
    const why = error instanceof SyntaxError ? "not JSON" : (error as Error).message;
    throw new UserError(`${file}:${line}: ${why}`, "DATA");
  }
}

async function readText(file: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of readShard({ name: file, source: file })) {
    length += chunk.length;
    if (length > MOST) {
      throw new UserError(`${file} has more than ${MOST} bytes, which no such file has`, "DATA");
    }
    chunks.push(chunk.slice());
  }
  const bytes = new Uint8Array(await new Blob(chunks as Uint8Array<ArrayBuffer>[]).arrayBuffer());
  const text = decodeUtf8(bytes);
  if (text !== undefined) return withoutMark(text);
  throw new UserError(
    `${file}: not UTF-8 text at byte ${firstInvalid(bytes)}; unpack it, if it is packed`,
    "DATA",
  );
}
