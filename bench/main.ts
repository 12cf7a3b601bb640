/** `deno task bench`: how fast the parts are on this machine. */
import type { Arguments, CommandSpec } from "../src/cli/arguments.ts";
import { main } from "../src/cli/main.ts";
import { UsageError } from "../src/errors.ts";
import { fileExists } from "../src/files/file_exists.ts";
import { Gpu } from "../src/gpu/gpu.ts";
import { checkComparable, compare } from "./compare.ts";
import { benchData } from "./data.ts";
import { RESULTS, RUNS, writeGenerated } from "./generate.ts";
import { benchKernels } from "./kernels.ts";
import { reportMarkdown } from "./markdown.ts";
import { Machine } from "./machine.ts";
import { benchPeers } from "./peers.ts";
import { benchPhases } from "./phases.ts";
import { emptyReport, readReport, type Report, reportJson, slug } from "./report.ts";
import { type Result, textTable } from "./result.ts";
import { keepRuns } from "./runs.ts";
import { benchSample } from "./sample.ts";
import { benchScaling } from "./scaling.ts";
import { benchScalingOut } from "./scaling_out.ts";
import { benchSteps } from "./steps.ts";

/** The benchmarks by name. Each tells of its results as they come. */
const BENCHMARKS = {
  data: benchData,
  kernels: benchKernels,
  phases: benchPhases,
  steps: benchSteps,
  sample: benchSample,
  scaling: benchScaling,
  "scaling-out": benchScalingOut,
  peers: benchPeers,
} satisfies Record<string, (machine: Machine) => AsyncGenerator<Result>>;

const NAMES = Object.keys(BENCHMARKS) as (keyof typeof BENCHMARKS)[];

/** Those that run unless told otherwise: not what is fetched, or starts many processes. */
const USUAL = NAMES.filter((name) => name !== "peers" && name !== "scaling-out");

/** Options with which nothing is measured, and those that go with them. */
const TOGETHER: Record<string, readonly string[]> = {
  table: ["table", "only"],
  readme: ["readme", "runs"],
  runs: ["runs"],
  screenshot: ["screenshot"],
};

const COMMAND: CommandSpec = {
  name: "bench",
  summary: "Measures how fast the parts are on this machine; leave it alone meanwhile.",
  options: {
    only: {
      value: "NAMES",
      help: `some of ${NAMES.join(",")} (default all but scaling-out,peers)`,
    },
    json: { help: "print one JSON object at the end instead of tables" },
    compare: { value: "FILE", help: "print beside each result that of a former --json or --save" },
    save: {
      help: "keep the results in bench/results/, by adapter, and write tables and charts of them",
    },
    table: { value: "FILE", help: "measure nothing; print a former --json or --save as Markdown" },
    readme: {
      help: "measure nothing; write all tables and charts of bench/results/ and of the presets",
    },
    runs: {
      value: "DIR",
      help: "the same, after keeping the finished runs of compare's --out DIR",
    },
    screenshot: {
      value: "DIR",
      help: "measure nothing; take bench/dashboard.png of the dashboard on these runs, by Chromium",
    },
  },
  examples: ["", "--only kernels,steps --save", "--compare before.json"],
};

async function benchCommand(options: Arguments): Promise<void> {
  const byDefault = "table" in options.given() ? NAMES : USUAL;
  const only = namesOf(options.text("only"), byDefault);
  const without = Object.keys(TOGETHER).find((name) => name in options.given());
  if (without !== undefined) {
    const other = Object.keys(options.given()).find((name) => !TOGETHER[without].includes(name));
    if (other !== undefined) {
      throw new UsageError(`--${without} measures nothing: leave out --${other}`);
    }
  }
  if (without === "table") await printTable(options, only);
  else if (without === "screenshot") await takeScreenshot(options.text("screenshot")!);
  else if (without) await writeAll(options);
  else await measure(options, only);
}

/** Measures, and tells of it as the options say. */
async function measure(
  options: Arguments,
  only: readonly (keyof typeof BENCHMARKS)[],
): Promise<void> {
  using gpu = await Gpu.open();
  const comparePath = options.text("compare");
  const before = comparePath === undefined ? undefined : await readReport(comparePath);
  if (before) checkComparable(comparePath!, before, gpu.adapterName);
  const machine = await Machine.open(gpu);
  const report = emptyReport(machine);
  const say = (text: string) => options.flag("json") || console.log(text);
  if (report.tick !== undefined) {
    say(`The timestamps of ${gpu.adapterName} count ${report.tick.toPrecision(4)} ns each.\n`);
  }
  for (const name of only) {
    say(`${name}:`);
    const results: Result[] = report.results[name] = [];
    for await (const result of BENCHMARKS[name](machine)) results.push(result);
    say(textTable(results) + "\n");
    const former = before?.results[name];
    if (former) say(textTable(compare(former, results)) + "\n");
  }
  if (options.flag("json")) console.log(reportJson(report));
  if (options.flag("save")) say(`Saved ${(await save(report)).join(", ")}.`);
}

async function printTable(options: Arguments, only: readonly string[]): Promise<void> {
  console.log(reportMarkdown(await readReport(options.text("table")!), only));
}

/** Playwright is loaded only for this: it is large. */
async function takeScreenshot(runs: string): Promise<void> {
  const { screenshot } = await import("./screenshot.ts");
  await screenshot(runs, "bench/dashboard.png");
  console.log("Wrote bench/dashboard.png");
}

async function writeAll(options: Arguments): Promise<void> {
  const directory = options.text("runs");
  const kept = directory === undefined ? [] : [await keepRuns(RUNS, directory)];
  const written = await writeGenerated();
  for (const path of [...kept, ...written]) console.log(`Wrote ${path}`);
}

/** The benchmarks named, in their order. */
function namesOf(list: string | undefined, byDefault: typeof NAMES): typeof NAMES {
  if (list === undefined) return byDefault;
  const wanted = list.split(",").map((name) => name.trim());
  const unknown = wanted.find((name) => !NAMES.some((known) => known === name));
  if (unknown !== undefined) {
    throw new UsageError(`--only takes some of ${NAMES.join(",")}, not '${unknown}'`);
  }
  return NAMES.filter((name) => wanted.includes(name));
}

/** Adds a report to what is kept of its adapter; returns the files written. */
async function save(report: Report): Promise<string[]> {
  const path = `${RESULTS}/${slug(report.adapter)}.json`;
  const kept = await fileExists(path) ? (await readReport(path)).results : {};
  const all = { ...kept, ...report.results };
  const results = Object.fromEntries(
    NAMES.flatMap((name) => all[name] ? [[name, all[name]]] : []),
  );
  await Deno.mkdir(RESULTS, { recursive: true });
  await Deno.writeTextFile(path, reportJson({ ...report, results }) + "\n");
  return [path, ...await writeGenerated()];
}

if (import.meta.main) await main(COMMAND, benchCommand);
