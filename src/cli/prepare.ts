/** `deno task prepare`: tokenizes data once, so that training reads tokens. */
import { format as formatBytes } from "@std/fmt/bytes";
import { prepare, type PrepareProgress, type PrepareResult } from "../data/prepare/prepare.ts";
import type { Share } from "../data/prepare/lock.ts";
import { UsageError } from "../errors.ts";
import type { Arguments, CommandSpec } from "./arguments.ts";
import { COLUMN } from "./column_option.ts";
import { interruptSignal } from "./interrupt.ts";
import { main, type Start } from "./main.ts";
import { limitNetwork } from "./network.ts";
import { count } from "./count.ts";
import { formatSeconds } from "./progress_bar.ts";
import { ReadingBar } from "./reading_bar.ts";
import { spoolInput } from "./standard_input.ts";
import { printJson, printLine } from "./terminal.ts";
import { limitWriting } from "./writing.ts";

const COMMAND: CommandSpec = {
  name: "prepare",
  summary:
    "Tokenizes text once into .bin files that training and llm.c read. May be killed at any\n" +
    "time: started again with the same options, it goes on with the files that are not done.",
  options: {
    data: {
      value: "PATH",
      help: "file, glob, directory or URL of text, hf://datasets/owner/name, or - for standard " +
        "input; repeatable",
      repeatable: true,
    },
    out: { value: "DIR", help: "where to write tokens_train_*.bin and tokens_val_*.bin" },
    shard: {
      value: "I/N",
      help: "only every N-th file of the data, from the I-th on: for machine I of N",
    },
    column: COLUMN,
    lang: { value: "CODE", help: "leave out documents that say to be in another language" },
    "min-tokens": { value: "N", help: "leave out documents of fewer tokens" },
    workers: { value: "N", help: "files that are tokenized at a time (default: processors)" },
    "skip-bad": { help: "count and skip lines that cannot be read, instead of stopping" },
    quiet: { help: "print only the result" },
    json: { help: "print one JSON object a line instead: note, progress, stopping and end" },
  },
  examples: [
    "--data 'owt2/*.jsonl.zst' --out owt2-tokens",
    "--data openwebtext2.jsonl.zst.tar --out owt2-tokens --shard 2/4",
  ],
};

/** The least time between two lines of progress, in milliseconds. */
const BETWEEN_LINES = 1000;

async function prepareCommand(options: Arguments): Promise<number> {
  const given = options.list("data");
  if (given.length === 0) throw new UsageError("--data PATH is needed");
  limitNetwork(given);
  const out = options.text("out");
  if (!out) throw new UsageError("--out DIR is needed");
  limitWriting(out);
  const [quiet, json] = [options.flag("quiet"), options.flag("json")];
  if (quiet && json) throw new UsageError("--quiet and --json exclude each other");
  const share = shareOption(options);
  using input = await spoolInput(given, { task: "prepare", parent: out });
  if (input.note && json) printJson({ event: "note", text: input.note });
  else if (input.note && !quiet) printLine(input.note);
  const { data } = input;
  const start = performance.now();
  using bar = quiet || json || !Deno.stdout.isTerminal() ? undefined : new ReadingBar();
  input.release();
  using interrupt = interruptSignal(() => {
    bar?.erase();
    if (json) printJson({ event: "stopping" });
    else if (!quiet) printLine("Stopping; Ctrl-C once more quits at once.");
  });
  let saidAt = start;
  let last: PrepareProgress | undefined;
  const onProgress = (progress: PrepareProgress) => {
    last = progress;
    const { bytes, totalBytes, shards, totalShards } = progress;
    bar?.draw(bytes, totalBytes, `${shards}/${totalShards} files`);
    if (bar || quiet || performance.now() < saidAt + BETWEEN_LINES) return;
    saidAt = performance.now();
    if (json) printJson({ event: "progress", ...progress });
    else printLine(describeProgress(progress));
  };
  let result: PrepareResult | undefined;
  try {
    result = await prepare({
      data,
      out,
      share,
      column: options.text("column"),
      lang: options.text("lang"),
      onProgress,
      minTokens: options.integer("min-tokens", { min: 0 }),
      workers: options.integer("workers"),
      skipBad: options.flag("skip-bad"),
      signal: interrupt.signal,
    });
  } catch (error) {
    if (error !== interrupt.signal.reason) throw error;
  }
  const seconds = (performance.now() - start) / 1000;
  bar?.erase();
  if (json) printJson({ event: "end", out, seconds, interrupted: !result, ...result });
  else printLine(result ? describeResult(result, out, seconds) : describeStop(last, out));
  return result ? 0 : interrupt.exitCode;
}

/** Reads `--shard`. */
function shareOption(options: Arguments): Share | undefined {
  const text = options.text("shard");
  if (text === undefined) return undefined;
  const [number, of] = text.match(/^(\d+)\/(\d+)$/)?.slice(1).map(Number) ?? [0, 0];
  if (number >= 1 && number <= of) return { number, of };
  throw new UsageError(`--shard must be such as 1/4, the first of four machines, not '${text}'`);
}

function describeProgress({ bytes, totalBytes, shards, totalShards }: PrepareProgress): string {
  const [read, all] = [bytes, totalBytes].map((bytes) => {
    return bytes === undefined ? "" : ` of ${formatBytes(bytes, { binary: true })}`;
  });
  return `read${read.slice(3)}${all}, ${shards} of ${totalShards} files done`;
}

function describeStop(last: PrepareProgress | undefined, out: string): string {
  const done = last ? `: ${last.shards} of ${last.totalShards} files are done in ${out}` : "";
  return `Stopped${done}; the same command goes on.`;
}

function describeResult(result: PrepareResult, out: string, seconds: number): string {
  const { shards, doneBefore, documents, trainingTokens, validationTokens, skipped } = result;
  const [training, validation] = [trainingTokens, validationTokens].map((tokens) =>
    tokens.toLocaleString("en")
  );
  return [
    `${count(documents, "document")}, ${count(trainingTokens + validationTokens, "token")} ` +
    `(${training} for training, ${validation} for validation) in ${formatSeconds(seconds)}`,
    `${count(shards, "file")} in ${out}` +
    (doneBefore > 0 ? `, ${doneBefore} of them done before` : "") +
    (skipped > 0 ? `; skipped ${count(skipped, "bad line")}` : ""),
  ].join("\n");
}

/** Runs the command. */
export const start: Start = (args) => main(COMMAND, prepareCommand, { args });

if (import.meta.main) await start();
