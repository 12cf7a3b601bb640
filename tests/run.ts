/**
 * Everything that `deno task test` checks: formatting, lint, types (of documentation examples too),
 * documentation, then the tests. Arguments go to `deno test`. The last line is `N passed, N failed`,
 * each of the four checks counting as one.
 */

import { TextLineStream } from "@std/streams/text-line-stream";

const HELP = `Usage: deno task test [arguments of deno test]

Checks formatting, lint, types and documentation, then runs the tests: all of them, or those that
the arguments name, e.g. tests/optim or --filter agd. The last line is "N passed, N failed".`;

const CHECKS = [
  ["fmt", "--check", "--quiet"],
  ["lint", "--quiet"],
  ["check", "--doc", "--quiet", "."],
  ["doc", "--lint", "--quiet", "mod.ts"],
];

const env: Record<string, string> = { NO_COLOR: "1" };
if (Deno.build.os === "linux") { // or Mesa complains on stderr
  env.DENO_WEBGPU_BACKEND = Deno.env.get("DENO_WEBGPU_BACKEND") ?? "vulkan";
  env.XDG_RUNTIME_DIR = Deno.env.get("XDG_RUNTIME_DIR") ?? "/tmp";
}
const cwd = new URL("..", import.meta.url);

/** Runs one of the checks, its output going to the terminal; true if it passes. */
async function check(args: string[]): Promise<boolean> {
  console.log(`deno ${args.join(" ")}`);
  const stdout = args[0] === "doc" ? "null" : "inherit"; // doc prints all that it documents
  const child = new Deno.Command(Deno.execPath(), { args, cwd, env, stdout, stdin: "null" });
  return (await child.spawn().status).success;
}

/** Of the tests of one process. */
interface Outcome {
  passed: number;
  failed: number;
  /** The errors and the summary of a process in which a test failed, to be read at the very end. */
  errors: string;
}

/** Runs the tests of one process, printing the output of each file when the file is through. */
async function test(args: readonly string[]): Promise<Outcome> {
  const child = new Deno.Command(Deno.execPath(), {
    ...{ args: ["test", "--allow-all", "--no-check", ...args], cwd, env },
    ...{ stdout: "piped", stdin: "null" },
  }).spawn();
  let [passed, failed] = [0, 0];
  const block: string[] = [];
  const take = () => block.splice(0).map((line) => `${line}\n`).join("");
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream());
  for await (const line of lines) {
    if (line.startsWith("running ") || line === " ERRORS ") print(take());
    block.push(line);
    const summary = line.match(/^(?:ok|FAILED) \| (\d+) passed.* \| (\d+) failed/);
    if (summary) [passed, failed] = [Number(summary[1]), Number(summary[2])];
  }
  // Without a summary, or with an error outside of any test, the run itself failed.
  const { success } = await child.status;
  if (success) print(take());
  return { passed, failed: success ? failed : Math.max(failed, 1), errors: take() };
}

/** The tests of each directory, those with the most files first, so that none is left for long. */
function directories(): string[][] {
  const read = (path: string) => [...Deno.readDirSync(new URL(path, cwd))];
  const entries = read("tests");
  return entries.filter(({ isDirectory }) => isDirectory).map(({ name }) => `tests/${name}`)
    .map((path) => ({ path, files: read(path).length })).sort((a, b) => b.files - a.files)
    .map(({ path }) => [path])
    .concat([
      entries.map(({ name }) => `tests/${name}`).filter((path) => path.endsWith("_test.ts")),
    ]);
}

function print(text: string): void {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
}

/** Does the jobs in order, two at a time: most tests keep less than one processor busy. */
async function inPairs<T, R>(jobs: readonly T[], work: (job: T) => Promise<R>): Promise<R[]> {
  const queue = jobs.values();
  const results: R[] = [];
  const lane = async () => {
    for (const job of queue) results.push(await work(job));
  };
  await Promise.all([lane(), lane()]);
  return results;
}

if (Deno.args.some((argument) => argument === "--help" || argument === "-h")) {
  console.log(HELP);
  Deno.exit(0);
}
const checks: boolean[] = [];
for (const args of CHECKS) checks.push(await check(args));
const outcomes = await inPairs(Deno.args.length > 0 ? [Deno.args] : directories(), test);
for (const { errors } of outcomes) print(errors);

const passed = sum(outcomes.map(({ passed }) => passed)) + checks.filter((ok) => ok).length;
const failed = sum(outcomes.map(({ failed }) => failed)) + checks.filter((ok) => !ok).length;
console.log(`${passed} passed, ${failed} failed`);
Deno.exitCode = failed === 0 ? 0 : 1;

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
