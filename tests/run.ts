/**
 * Everything that `deno task test` checks: formatting, lint, types (of documentation examples too),
 * documentation, then the tests, a process for each directory of them. Arguments go to `deno test`,
 * which is then one process. The last line is `N passed, N failed`, each of the four checks counting
 * as one.
 */

import { TextLineStream } from "@std/streams/text-line-stream";
import { commandOf } from "../src/cli/command.ts";

const HELP = `Usage: ${commandOf("test")} [arguments of deno test]

Checks formatting, lint, types and documentation, then runs the tests: all of them, or those that
the arguments name, e.g. tests/optim or --filter agd. The last line is "N passed, N failed".`;

const { exports } = JSON.parse(Deno.readTextFileSync(new URL("../deno.json", import.meta.url)));

/** Pages, whose examples are checked only where they are named. */
const PAGES = [
  "README.md",
  ...[...Deno.readDirSync(new URL("../docs", import.meta.url))].map(({ name }) => `docs/${name}`),
];

const CHECKS = [
  ["fmt", "--check", "--quiet"],
  ["lint", "--quiet"],
  ["check", "--doc", "--quiet", ".", ...PAGES],
  ["doc", "--lint", "--quiet", ...Object.values<string>(exports)],
];

const env: Record<string, string> = { NO_COLOR: "1" };
if (Deno.build.os === "linux") { // or Mesa complains on stderr
  env.DENO_WEBGPU_BACKEND = Deno.env.get("DENO_WEBGPU_BACKEND") ?? "vulkan";
  env.XDG_RUNTIME_DIR = Deno.env.get("XDG_RUNTIME_DIR") ?? "/tmp";
}
Deno.env.delete("GPT2_COMMAND"); // what hints say does not depend on how the tests were started
const cwd = new URL("..", import.meta.url);

/** Runs one of the checks, its output going to the terminal; true if it passes. */
async function check(args: string[]): Promise<boolean> {
  console.log(`deno ${args.join(" ")}`);
  const stdout = args[0] === "doc" ? "null" : "inherit"; // doc prints all that it documents
  const child = new Deno.Command(Deno.execPath(), { args, cwd, env, stdout, stdin: "null" });
  return (await child.spawn().status).success;
}

/** How the tests of one process ended. */
interface Outcome {
  passed: number;
  failed: number;
  /** Tests that cannot be run here, e.g. without a browser. */
  ignored: number;
  /** The errors and the summary of a process in which a test failed, to be read at the very end. */
  errors: string[];
  /** Seconds that the tests of each file took. */
  seconds: Map<string, number>;
}

/** Runs the tests of one process, printing what a file's tests say when the file is through. */
async function test(args: readonly string[]): Promise<Outcome> {
  const child = new Deno.Command(Deno.execPath(), {
    ...{ args: ["test", "--allow-all", "--no-check", ...args], cwd, env },
    ...{ stdout: "piped", stdin: "null" },
  }).spawn();
  let [passed, failed, ignored] = [0, 0, 0];
  let block: string[] = [];
  const seconds = new Map<string, number>();
  let file: string | undefined;
  let startedAt = performance.now();
  const endFile = () => {
    if (file !== undefined) seconds.set(file, (performance.now() - startedAt) / 1000);
    startedAt = performance.now();
  };
  const print = () => {
    if (block.length > 0) console.log(block.join("\n"));
    block = [];
  };
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream());
  for await (const line of lines) {
    const isHeader = line.startsWith("running ");
    if (isHeader || line === " ERRORS ") print();
    block.push(line);
    // Should a test hang, this tells where.
    if (isHeader) {
      endFile();
      file = line.replace(/^running \d+ tests? from /, "");
      console.log(`starts ${file}`);
    }
    const summary = line.match(/^(?:ok|FAILED) \| (\d+) passed.* \| (\d+) failed/);
    if (summary) [passed, failed] = [Number(summary[1]), Number(summary[2])];
    if (summary) ignored = Number(line.match(/ \| (\d+) ignored/)?.[1] ?? 0);
  }
  // Without a summary, or with an error outside of any test, the run itself failed.
  const { success } = await child.status;
  endFile();
  if (success) print();
  failed = success ? failed : Math.max(failed, 1);
  return { passed, failed, ignored, errors: block, seconds };
}

/** All tests: those of each directory, the largest ones first, and those that are in none. */
function allTests(): string[][] {
  const read = (path: string) => [...Deno.readDirSync(new URL(path, cwd))];
  const directories = read("tests").filter(({ isDirectory }) => isDirectory)
    .map(({ name }) => `tests/${name}`).sort((a, b) => read(b).length - read(a).length);
  return [...directories.map((path) => [path]), [`--ignore=${directories.join(",")}`]];
}

/** Does the jobs in order, three at a time: most tests keep less than one processor busy. */
async function inThrees<T, R>(jobs: readonly T[], work: (job: T) => Promise<R>): Promise<R[]> {
  const queue = jobs.values();
  const results: R[] = [];
  const lane = async () => {
    for (const job of queue) results.push(await work(job));
  };
  await Promise.all([lane(), lane(), lane()]);
  return results;
}

if (Deno.args.some((argument) => argument === "--help" || argument === "-h")) {
  console.log(HELP);
  Deno.exit(0);
}
const checks: boolean[] = [];
for (const args of CHECKS) checks.push(await check(args));
const outcomes = await inThrees(Deno.args.length > 0 ? [Deno.args] : allTests(), test);
for (const { errors } of outcomes) {
  if (errors.length > 0) console.log(errors.join("\n"));
}

const slowest = outcomes.flatMap(({ seconds }) => [...seconds]).sort(([, a], [, b]) => b - a);
if (slowest.length > 5) {
  const rows = slowest.slice(0, 5).map(([file, seconds]) => `  ${seconds.toFixed(0)} s  ${file}`);
  console.log(["The slowest files of tests:", ...rows].join("\n"));
}

let passed = checks.filter((ok) => ok).length;
let failed = checks.length - passed;
for (const outcome of outcomes) {
  passed += outcome.passed;
  failed += outcome.failed;
}
const ignored = outcomes.reduce((sum, outcome) => sum + outcome.ignored, 0);
if (ignored > 0) console.log(`${ignored} skipped, which cannot be run on this machine`);
console.log(`${passed} passed, ${failed} failed`);
Deno.exitCode = failed === 0 ? 0 : 1;
