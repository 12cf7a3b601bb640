/** `deno task build`: everything in one file that runs where there is no Deno. */
import { fromFileUrl } from "@std/path";
import project from "../../deno.json" with { type: "json" };
import { UsageError, UserError } from "../errors.ts";
import { fileError } from "../files/file_error.ts";
import { quote } from "../quote.ts";
import { type Arguments, closestName, type CommandSpec } from "./arguments.ts";
import { shellWord, versionText } from "./command.ts";
import { EXECUTABLE, TASK_NAMES } from "./executable.ts";
import { main } from "./main.ts";
import { makeInScratch } from "./scratch.ts";
import { printLine } from "./terminal.ts";

const ROOT = new URL("../../", import.meta.url);

/** The systems that Deno has a runtime to embed for. */
const TARGETS = [
  "x86_64-unknown-linux-gnu",
  "aarch64-unknown-linux-gnu",
  "x86_64-apple-darwin",
  "aarch64-apple-darwin",
  "x86_64-pc-windows-msvc",
  "aarch64-pc-windows-msvc",
];

const COMMAND: CommandSpec = {
  name: "build",
  summary:
    "Makes one file of all tasks, kernels, the dashboard and the sample corpus, which runs\n" +
    "where there is no Deno: agd-gpt2 train, and so on. Deno downloads the runtime that it\n" +
    "embeds, unless the environment variable DENORT_BIN names one.",
  options: {
    target: { value: "NAME", help: `which system it is for (default ${Deno.build.target})` },
    out: { value: "FILE", help: `where to write it (default ${EXECUTABLE}, .exe on Windows)` },
  },
  examples: ["", "--target aarch64-apple-darwin --out agd-gpt2-mac"],
};

async function build(options: Arguments): Promise<number> {
  const target = options.text("target") ?? Deno.build.target;
  if (!TARGETS.includes(target)) throw unknownTarget(target);
  const suffix = target.includes("windows") ? ".exe" : "";
  const out = options.text("out") ?? `${EXECUTABLE}${suffix}`;
  if (suffix && !out.endsWith(suffix)) {
    throw new UsageError(`--out must end in .exe for Windows, not ${quote(out)}`);
  }
  return await makeInScratch(out, async (scratch, signal) => {
    const made = `${scratch}/${EXECUTABLE}${suffix}`;
    await compile(made, target, signal);
    if (target === Deno.build.target) await check(made);
    const { size } = await Deno.stat(made);
    await Deno.rename(made, out).catch((error) => {
      throw fileError(error, `${out}: cannot write`);
    });
    const megabytes = Math.round(size / 1e6);
    printLine(`Wrote ${out}, ${megabytes} MB, for ${target}; ${usageOf(out, target)}`);
  });
}

function usageOf(out: string, target: string): string {
  if (target !== Deno.build.target) return "it has not been run, since this is another system.";
  return `try ${shellWord(out.includes("/") ? out : `./${out}`)} train`;
}

function unknownTarget(given: string): UsageError {
  const near = closestName(given, TARGETS);
  return new UsageError(
    `--target must be one of ${TARGETS.join(", ")}, not ${quote(given)}` +
      (near ? `: did you mean ${near}?` : ""),
  );
}

/** @throws {UserError} If the runtime to embed cannot be had, or anything else is in the way. */
async function compile(out: string, target: string, signal: AbortSignal): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["compile", "-q", "--no-check", "--exclude-unused-npm", "--target", target],
      ...["--config", fromFileUrl(new URL("deno.json", ROOT)), "--app-name", EXECUTABLE],
      ...permissionFlags(target),
      ...(await included()).flatMap((path) => ["--include", path]),
      ...["-o", out, fromFileUrl(new URL("src/cli/executable.ts", ROOT))],
    ],
    env: { NO_COLOR: "1", RUST_BACKTRACE: "0" },
    stdin: "null",
    signal,
  }).output();
  if (!success) throw compileError(new TextDecoder().decode(stderr), target);
}

/** What one who runs the tasks needs beside the modules that they import: workers and the corpus. */
async function included(): Promise<string[]> {
  const found: string[] = [];
  for await (const { name } of Deno.readDir(new URL("data/", ROOT))) {
    if (name.endsWith(".jsonl.zst")) found.push(fromFileUrl(new URL(`data/${name}`, ROOT)));
  }
  return [...await workersIn(new URL("src/", ROOT)), ...found.sort()];
}

/** The modules that are a worker's, by their names. */
async function workersIn(directory: URL): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(directory)) {
    if (isDirectory) found.push(...await workersIn(new URL(`${name}/`, directory)));
    else if (/^(.*_)?worker\.ts$/.test(name)) found.push(fromFileUrl(new URL(name, directory)));
  }
  return found.sort();
}

/**
 * What any of the tasks may do; the executable gives up at once what the one asked for does not need.
 * Reading is granted for `/`, so that it can be narrowed, where that is everything.
 */
export function permissionFlags(target: string): string[] {
  const sets = TASK_NAMES.map((name): PermissionSet => project.permissions[name]);
  const env = new Set(sets.flatMap(({ env = [] }) => env));
  const sys = new Set(sets.flatMap(({ sys = [] }) => sys));
  return [
    ...[target.includes("windows") ? "--allow-read" : "--allow-read=/", "--allow-write=/"],
    ...["--allow-net", "--allow-ffi", `--allow-env=${[...env]}`, `--allow-sys=${[...sys]}`],
  ];
}

interface PermissionSet {
  env?: string[];
  sys?: string[];
}

/** What to say of what `deno compile` said. */
function compileError(stderr: string, target: string): UserError {
  const lines = stderr.trim().split("\n").map((line) => line.replace(/^ *(\d+: |error: )?/, ""));
  const why = lines.at(-1);
  const url = stderr.match(/https:\/\/[^\s)]*denort[^\s)]*/)?.[0];
  if (url) {
    return new UserError(
      `cannot download the runtime to embed, ${url}: ${why}; try again with a network, or name ` +
        `Deno ${Deno.version.deno}'s denort for ${target} by DENORT_BIN`,
      "NETWORK",
    );
  }
  if (stderr.includes("Could not find denort at")) {
    return new UserError(`DENORT_BIN: there is no ${quote(Deno.env.get("DENORT_BIN")!)}`);
  }
  return new UserError(`deno compile failed: ${why}`);
}

/** @throws {UserError} If what was made does not run. */
async function check(path: string): Promise<void> {
  const output = await new Deno.Command(path, { args: ["--version"], stdin: "null" }).output()
    .catch(() => undefined);
  const version = output && new TextDecoder().decode(output.stdout).trim();
  if (version === versionText()) return;
  const runtime = Deno.env.get("DENORT_BIN");
  throw new UserError(
    "what was built does not run" +
      (runtime ? `: is ${quote(runtime)} (DENORT_BIN) the denort of ${versionText()}?` : ""),
  );
}

if (import.meta.main) await main(COMMAND, build);
