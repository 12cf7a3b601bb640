/** Everything in pages that is made: of `bench/results` tables and charts, and tables of presets. */
import { fromFileUrl } from "@std/path";
import { compareChart } from "../src/compare/chart.ts";
import { leadChart } from "../src/compare/lead_chart.ts";
import type { RunRecord } from "../src/compare/record.ts";
import { report } from "../src/compare/report.ts";
import { summarise } from "../src/compare/summary.ts";
import { scalingChart } from "./chart.ts";
import {
  batchesTable,
  cellsTable,
  chartedRuns,
  longRunsTable,
  partsTable,
  resultsTable,
  rivalsTable,
} from "./comparison.ts";
import { fillTables } from "./marked.ts";
import { reportMarkdown } from "./markdown.ts";
import { presetTables } from "./presets.ts";
import { readReport, type Report, slug } from "./report.ts";
import { readRuns } from "./runs.ts";
import { slimSvg } from "./slim_svg.ts";

const ROOT = fromFileUrl(new URL("../", import.meta.url));

/** Where the results of benchmarks are kept, and what is drawn of them. */
export const RESULTS = `${ROOT}bench/results`;
/** Where the runs of comparisons are kept. */
export const RUNS = `${RESULTS}/compare/runs.jsonl.zst`;

/** Where Markdown files are that may have marked tables, and where results are, seen from there. */
const PAGES = [
  { directory: ROOT, results: "bench/results" },
  { directory: `${ROOT}docs/`, results: "../bench/results" },
  { directory: `${ROOT}bench/`, results: "results" },
];

/**
 * The files that are made, by their paths, as they should be.
 *
 * @throws {UserError} If results cannot be read, or a page's marks are wrong.
 */
export async function generate(): Promise<Map<string, string>> {
  const reports = await Array.fromAsync(filesIn(RESULTS, ".json"), readReport);
  const records = await readRuns(RUNS);
  const files = new Map([...chartsOf(reports), ...comparisonOf(records)]);
  const tables = tablesOf(reports, records, await presetTables());
  for (const { directory, results } of PAGES) {
    for await (const path of filesIn(directory, ".md")) {
      const text = await Deno.readTextFile(path);
      files.set(path, fillTables(text, path, (name) => tables.get(name)?.(results)));
    }
  }
  return files;
}

/** Writes those of the files that are not what they should be; returns their paths. */
export async function writeGenerated(): Promise<string[]> {
  const written: string[] = [];
  for (const [path, text] of await generate()) {
    if (await Deno.readTextFile(path).catch(() => undefined) === text) continue;
    await Deno.writeTextFile(path, text);
    written.push(path);
  }
  return written;
}

/** The marked tables by name, each made for a page that finds `bench/results` at a path. */
function tablesOf(
  reports: readonly Report[],
  records: readonly RunRecord[],
  presets: Readonly<Record<string, string>>,
): Map<string, (results: string) => string> {
  const cells = summarise(records);
  const speed = (results: string, only?: readonly string[]) =>
    reports.map((report) => reportMarkdown(report, only ?? Object.keys(report.results), results))
      .join("\n\n");
  return new Map<string, (results: string) => string>([
    ["speed", (results) => speed(results)],
    ["steps", (results) => speed(results, ["steps"])],
    ["results", () => resultsTable(cells)],
    ["cells", () => cellsTable(cells)],
    ["batch-sizes", () => batchesTable(cells)],
    ["long-runs", () => longRunsTable(cells)],
    ["rivals", () => rivalsTable(cells)],
    ["parts", () => partsTable(records)],
    ...Object.entries(presets).map(([name, table]) => [name, () => table] as const),
  ]);
}

/** The charts of benchmarks. */
function chartsOf(reports: readonly Report[]): [path: string, text: string][] {
  return reports.flatMap(({ adapter, results: { scaling } }) => {
    return scaling
      ? [[`${RESULTS}/${slug(adapter)}.svg`, slimSvg(scalingChart(scaling, adapter))]]
      : [];
  });
}

/** What `deno task compare` prints and draws of the runs, and the curves of the base alone. */
function comparisonOf(records: readonly RunRecord[]): [path: string, text: string][] {
  const cells = summarise(records);
  return [
    [`${RESULTS}/compare/compare.md`, report(cells)],
    [`${RESULTS}/compare/compare.svg`, slimSvg(compareChart(cells))],
    [`${RESULTS}/compare/lead.svg`, slimSvg(leadChart(cells)!)],
    [`${RESULTS}/compare/first.svg`, slimSvg(compareChart(summarise(chartedRuns(records))))],
  ];
}

/** The paths of a directory's files of a kind, in order; none if there is no such directory. */
async function* filesIn(directory: string, extension: string): AsyncGenerator<string> {
  const names: string[] = [];
  try {
    for await (const { name, isFile } of Deno.readDir(directory)) {
      if (isFile && name.endsWith(extension)) names.push(name);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  for (const name of names.sort()) yield `${directory.replace(/\/$/, "")}/${name}`;
}
