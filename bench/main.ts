/** `deno task bench`: how fast the parts are on this machine. */
import { fromFileUrl } from "@std/path";
import type { Arguments, CommandSpec } from "../src/cli/arguments.ts";
import { main } from "../src/cli/main.ts";
import { UsageError } from "../src/errors.ts";
import { fileExists } from "../src/files/file_exists.ts";
import { Gpu } from "../src/gpu/gpu.ts";
import { scalingChart } from "./chart.ts";
import { checkComparable, compare } from "./compare.ts";
import { benchData } from "./data.ts";
import { benchKernels } from "./kernels.ts";
import { reportMarkdown } from "./markdown.ts";
import { Machine } from "./machine.ts";
import { benchPhases } from "./phases.ts";
import { emptyReport, readReport, type Report, reportJson, slug } from "./report.ts";
import { type Result, textTable } from "./result.ts";
import { benchScaling } from "./scaling.ts";
import { benchSteps } from "./steps.ts";

/** The benchmarks by name. Each tells of its results as they come. */
const BENCHMARKS = {
  data: benchData,
  kernels: benchKernels,
  phases: benchPhases,
  steps: benchSteps,
  scaling: benchScaling,
} satisfies Record<string, (machine: Machine) => AsyncGenerator<Result>>;

const NAMES = Object.keys(BENCHMARKS) as (keyof typeof BENCHMARKS)[];

/** Where results are kept. */
const DIRECTORY = fromFileUrl(new URL("results", import.meta.url));

const COMMAND: CommandSpec = {
  name: "bench",
  summary: "Measures how fast the parts are on this machine; leave it alone meanwhile.",
  options: {
    only: { value: "NAMES", help: `some of ${NAMES.join(",")} (default all)` },
    json: { help: "print one JSON object at the end instead of tables" },
    compare: { value: "FILE", help: "print beside each result that of a former --json or --save" },
    save: { help: "keep the results and a chart of them in bench/results/, by adapter" },
    table: { value: "FILE", help: "measure nothing; print a former --json or --save as Markdown" },
  },
  examples: ["", "--only kernels,steps --save", "--compare before.json"],
};

async function benchCommand(options: Arguments): Promise<void> {
  const only = namesOf(options.text("only"));
  const tablePath = options.text("table");
  if (tablePath !== undefined) {
    const others = ["json", "compare", "save"].filter((name) => name in options.given());
    if (others.length > 0) {
      throw new UsageError(`--table measures nothing: leave out --${others[0]}`);
    }
    console.log(reportMarkdown(await readReport(tablePath), only));
    return;
  }

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
  if (options.flag("save")) say(`Saved ${(await save(report)).join(" and ")}.`);
}

/** The benchmarks named, in their order; all by default. */
function namesOf(list: string | undefined): readonly (keyof typeof BENCHMARKS)[] {
  if (list === undefined) return NAMES;
  const wanted = list.split(",").map((name) => name.trim());
  const unknown = wanted.find((name) => !NAMES.some((known) => known === name));
  if (unknown !== undefined) {
    throw new UsageError(`--only takes some of ${NAMES.join(",")}, not '${unknown}'`);
  }
  return NAMES.filter((name) => wanted.includes(name));
}

/** Adds a report to what is kept of its adapter; returns the files written. */
async function save(report: Report): Promise<string[]> {
  const path = `${DIRECTORY}/${slug(report.adapter)}`;
  const isKept = await fileExists(`${path}.json`);
  const kept = isKept ? (await readReport(`${path}.json`)).results : {};
  const all = { ...kept, ...report.results };
  const results = Object.fromEntries(
    NAMES.flatMap((name) => all[name] ? [[name, all[name]]] : []),
  );
  await Deno.mkdir(DIRECTORY, { recursive: true });
  await Deno.writeTextFile(`${path}.json`, reportJson({ ...report, results }) + "\n");
  if (!results.scaling) return [`${path}.json`];
  await Deno.writeTextFile(`${path}.svg`, scalingChart(results.scaling, report.adapter));
  return [`${path}.json`, `${path}.svg`];
}

if (import.meta.main) await main(COMMAND, benchCommand);
