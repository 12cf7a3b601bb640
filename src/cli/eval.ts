/** `deno task eval`: measures how well a model predicts a text. */
import { UsageError } from "../errors.ts";
import { loadCheckpoint } from "../checkpoint/checkpoint.ts";
import { evaluateText, type Evaluation } from "../train/evaluate_text.ts";
import { TASK_NAMES, type TaskName } from "../train/tasks/evaluate_task.ts";
import type { Arguments, CommandSpec } from "./arguments.ts";
import { findCheckpoint } from "./checkpoint.ts";
import { COLUMN } from "./column_option.ts";
import { dataOption } from "./data_option.ts";
import { count } from "./count.ts";
import { Gpu } from "../gpu/gpu.ts";
import { DEVICE, deviceOption } from "./device.ts";
import { measureTask, taskData } from "./eval_task.ts";
import { main, type Start } from "./main.ts";
import { limitNetwork } from "./network.ts";
import { ReadingBar } from "./reading_bar.ts";
import { spoolInput } from "./standard_input.ts";
import { printJson, printLine } from "./terminal.ts";
import { limitWriting } from "./writing.ts";

const COMMAND: CommandSpec = {
  name: "eval",
  summary:
    "Measures how well a model predicts a text: loss in nats per token, perplexity, and bits per\n" +
    "byte; or by a task that others are measured by. The same call gives the same numbers on one adapter.",
  options: {
    checkpoint: {
      value: "DIR",
      help: "directory that training wrote, or owner/name on the Hugging Face Hub",
    },
    data: {
      value: "PATH",
      help:
        "file, glob, directory or URL of text, - for standard input, or .bin files; repeatable " +
        "(default data/)",
      repeatable: true,
    },
    task: {
      value: "NAME",
      help: `${TASK_NAMES.join(", ")}, on the one --data FILE that was published`,
    },
    limit: { value: "N", help: "of a task: stop after N questions (default: all)" },
    split: {
      value: "PART",
      help: "all, training or validation, as training splits it (default all, of data/ validation)",
    },
    stride: {
      value: "N",
      help: "tokens between windows; fewer give each more to go by (default context)",
    },
    batch: { value: "N", help: "windows that are evaluated at a time (default 8)" },
    "eval-batches": { value: "N", help: "stop after N batches (default: all of the data)" },
    column: COLUMN,
    lang: { value: "CODE", help: "leave out documents that say to be in another language" },
    "min-tokens": { value: "N", help: "leave out documents of fewer tokens" },
    "skip-bad": { help: "count and skip lines that cannot be read, instead of stopping" },
    device: DEVICE,
    json: { help: "print one JSON object instead" },
  },
  examples: [
    "--checkpoint runs/owt2 --data 'owt2/2020-04.jsonl.zst'",
    "--checkpoint openai-community/gpt2 --data wikitext.txt --stride 512 --json",
    "--checkpoint runs/owt2 --task hellaswag --data hellaswag_val.jsonl",
  ],
};

/** The least time between two drawings of the bar, in milliseconds. */
const BETWEEN_DRAWINGS = 200;

async function evalCommand(options: Arguments): Promise<void> {
  const checkpoint = options.text("checkpoint");
  if (!checkpoint) throw new UsageError("--checkpoint DIR is needed");
  const task = options.choice("task", TASK_NAMES);
  if (task) return await evaluateByTask(task, checkpoint, options);
  if (options.text("limit")) throw new UsageError("--limit goes with --task; here --eval-batches");
  const { data: given, isSample } = dataOption(options);
  limitNetwork(given, checkpoint);
  const device = deviceOption(options);
  const json = options.flag("json");
  const settings = {
    split: options.choice("split", ["all", "training", "validation"]) ??
      (isSample ? "validation" : undefined),
    stride: options.integer("stride"),
    batch: options.integer("batch"),
    maxBatches: options.integer("eval-batches"),
    column: options.text("column"),
    lang: options.text("lang"),
    minTokens: options.integer("min-tokens", { min: 0 }),
    skipBad: options.flag("skip-bad"),
  };
  const directory = await findCheckpoint(checkpoint, json);
  using input = await spoolInput(given, { task: "eval" });
  if (input.note && !json) printLine(input.note);
  const { data } = input;
  limitWriting(...input.writes);
  using gpu = await Gpu.open(device);
  using model = await loadCheckpoint(gpu, directory);
  let evaluation: Evaluation;
  {
    using bar = json || !Deno.stdout.isTerminal() ? undefined : new ReadingBar();
    let drawnAt = 0;
    const onProgress = ({ bytes, loss }: Evaluation) => {
      if (performance.now() < drawnAt + BETWEEN_DRAWINGS) return;
      drawnAt = performance.now();
      bar?.draw(bytes, undefined, `loss ${loss.toFixed(4)}`);
    };
    evaluation = await evaluateText(model, { data, ...settings, onProgress });
  }
  const { bitsPerByte = null, ...rest } = evaluation;
  if (json) printJson({ ...rest, bits_per_byte: bitsPerByte });
  else printLine(describe(evaluation));
}

async function evaluateByTask(
  task: TaskName,
  checkpoint: string,
  options: Arguments,
): Promise<void> {
  const data = taskData(options, task);
  limitNetwork([data], checkpoint);
  const device = deviceOption(options);
  const directory = await findCheckpoint(checkpoint, options.flag("json"));
  limitWriting();
  using gpu = await Gpu.open(device);
  using model = await loadCheckpoint(gpu, directory);
  await measureTask(model, task, data, options);
}

function describe(evaluation: Evaluation): string {
  const { loss, perplexity, bitsPerByte, tokens, bytes, skipped } = evaluation;
  const number = (value: number) => value.toLocaleString("en");
  return [
    `loss           ${loss.toFixed(4)} nats per token`,
    `perplexity     ${perplexity.toFixed(2)}`,
    `bits per byte  ${bitsPerByte?.toFixed(4) ?? "none: there is no byte"}`,
    `tokens         ${number(tokens)}`,
    `bytes          ${number(bytes)}`,
    ...(skipped > 0 ? [`skipped        ${count(skipped, "bad line")}`] : []),
  ].join("\n");
}

/** Runs the command. */
export const start: Start = (args) => main(COMMAND, evalCommand, { args });

if (import.meta.main) await start();
