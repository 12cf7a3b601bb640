import { assertEquals, assertMatch } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { jsonl, TempDir, texts } from "../data/fixtures.ts";

/** The project's deno.json. */
export const CONFIG = fromFileUrl(new URL("../../deno.json", import.meta.url));

/** What a command did. */
export interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

/** A command that is under way, in a directory of its own. */
export interface CommandOptions {
  /** Where the user is. */
  cwd: string;
  stdin?: string | Uint8Array<ArrayBuffer>;
  env?: Record<string, string>;
}

/** Runs `deno task <task>` as a user in `cwd` would, with the permissions that the task has. */
export async function runTask(
  task:
    | "train"
    | "sample"
    | "eval"
    | "export"
    | "prepare"
    | "inspect"
    | "compare"
    | "build"
    | "package"
    | "devices"
    | "dashboard",
  args: string[],
  { cwd, stdin = "", env = {} }: CommandOptions,
): Promise<Outcome> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", "--config", CONFIG, task, ...args],
    ...{ cwd, stdin: "piped", stdout: "piped", stderr: "piped" },
    // A surrounding task has set INIT_CWD to its own.
    env: { NO_COLOR: "1", INIT_CWD: cwd, ...env },
  }).spawn();
  const input = child.stdin.getWriter();
  // A command that does not read its input may be gone already.
  const bytes = typeof stdin === "string" ? new TextEncoder().encode(stdin) : stdin;
  await input.write(bytes).then(() => input.close()).catch(() => {});
  const { code, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/**
 * Kills a child some time from now, unless it has ended by then.
 *
 * @returns What calls that off.
 */
export function killAfter(child: Deno.ChildProcess, milliseconds: number): Disposable {
  const timer = setTimeout(() => {
    try {
      child.kill("SIGKILL");
    } catch {
      // It ended a moment ago, and whoever waits for it is still to hear of it.
    }
  }, milliseconds);
  return { [Symbol.dispose]: () => clearTimeout(timer) };
}

/** Asserts that a command said what was wrong in one line, and nothing else. */
export function assertFails(outcome: Outcome, code: 1 | 2, message: string): void {
  assertEquals(outcome.stderr, `error: ${message}\n`);
  assertEquals(outcome.stdout, "");
  assertEquals(outcome.code, code);
}

/** Options of a model that trains in no time, and leaves no trace in the user's cache. */
export const TINY = "--layers 1 --heads 2 --width 16 --context 16 --batch 2 --no-autotune".split(
  " ",
);

/** A directory with a small corpus, `corpus.jsonl`. */
export async function corpusDirectory(): Promise<TempDir> {
  const directory = new TempDir();
  await directory.write("corpus.jsonl", jsonl(texts(60, 40)));
  return directory;
}

/** The losses in the metrics of a run. */
export async function readLosses(
  directory: string,
): Promise<{ loss: number; val_loss?: number }[]> {
  const text = await Deno.readTextFile(`${directory}/metrics.jsonl`);
  assertMatch(text, /}\n$/);
  return text.trim().split("\n").map((line) => JSON.parse(line));
}
