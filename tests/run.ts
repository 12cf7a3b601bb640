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

/** Runs the tests, passing their output on, and counts them by the summary at its end. */
async function test(args: string[]): Promise<{ passed: number; failed: number }> {
  console.log(`deno ${args.join(" ")}`);
  const child = new Deno.Command(Deno.execPath(), {
    ...{ args, cwd, env, stdout: "piped", stdin: "null" },
  }).spawn();
  let passed = 0, failed = 0;
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream());
  for await (const line of lines) {
    console.log(line);
    const summary = line.match(/^(?:ok|FAILED) \| (\d+) passed.* \| (\d+) failed/);
    if (summary) [passed, failed] = [Number(summary[1]), Number(summary[2])];
  }
  // Without a summary, or with an error outside of any test, the run itself failed.
  const { success } = await child.status;
  return { passed, failed: success ? failed : Math.max(failed, 1) };
}

if (Deno.args.some((argument) => argument === "--help" || argument === "-h")) {
  console.log(HELP);
  Deno.exit(0);
}
const checks: boolean[] = [];
for (const args of CHECKS) checks.push(await check(args));
const tests = await test(["test", "--allow-all", "--no-check", ...Deno.args]);

const passed = tests.passed + checks.filter((ok) => ok).length;
const failed = tests.failed + checks.filter((ok) => !ok).length;
console.log(`${passed} passed, ${failed} failed`);
Deno.exitCode = failed === 0 ? 0 : 1;
