/** The tables of `bench/README.md` that are made from the runs of comparisons. */
import { cellsOf, describeCell } from "../src/compare/cell.ts";
import {
  agdWith,
  type Contender,
  familyOf,
  hasRate,
  isRival,
  nameOf,
} from "../src/compare/contender.ts";
import { COMPARE_PRESETS } from "../src/compare/presets.ts";
import { finalLoss, type RunRecord } from "../src/compare/record.ts";
import {
  bestOf,
  type CellSummary,
  comparisonOf,
  type Row,
  type Spread,
  summarise,
} from "../src/compare/summary.ts";
import { agdSettings } from "../src/optim/agd/options.ts";
import { markdownTable, type Result } from "./result.ts";

/** Short runs are no longer. */
const LONG = 300;

const { axes, contenders, grids } = COMPARE_PRESETS.quick;

/** The cell that the others differ from. */
const BASE = describeCell(cellsOf(axes, "product", { steps: 1 })[0]);

/** Short runs: AGD and the best AdamW, a table for each corpus that has the base; without AdamW none. */
export function cellsTable(cells: readonly CellSummary[]): string {
  const short = cells.filter((summary) => summary.adamw && stepsOf(summary) <= LONG)
    .sort((a, b) => differences(a).length - differences(b).length);
  const corpora = Map.groupBy(short, ({ cell }) => cell.data);
  return [...corpora].filter(([, cells]) => cells.some(isShortBase)).map(([data, cells]) => {
    const rows = cells.map((summary) => (
      { name: labelOf(summary), steps: number(stepsOf(summary)), ...lead(summary) }
    ));
    return `${capitalised(data)}:\n\n${markdownTable(rows)}`;
  }).join("\n\n");
}

/** Runs of the base that differ by a tenth in how many tokens they have, at most, are of one length. */
const ALIKE = 1.1;

/** So many sizes of batches are worth a table. */
const BATCHES = 4;

/** As many tokens in batches of other sizes: AGD and the best AdamW, a table for each corpus and length. */
export function batchesTable(cells: readonly CellSummary[]): string {
  const isAsked = (summary: CellSummary) =>
    summary.adamw && differences(summary).every((part) => part.startsWith("batch "));
  const corpora = Map.groupBy(cells.filter(isAsked), ({ cell }) => cell.data);
  return [...corpora].flatMap(([data, cells]) => {
    const lengths: CellSummary[][] = [];
    for (const summary of cells.toSorted((a, b) => tokensOf(a) - tokensOf(b))) {
      const last = lengths.at(-1);
      if (last && tokensOf(summary) <= ALIKE * tokensOf(last[0])) last.push(summary);
      else lengths.push([summary]);
    }
    const many = lengths.filter((alike) => new Set(alike.map(batchOf)).size >= BATCHES);
    return many.map((alike) => {
      const rows = alike.toSorted((a, b) => batchOf(a) - batchOf(b)).map((summary) => (
        { name: `batch ${batchOf(summary)}`, steps: number(stepsOf(summary)), ...lead(summary) }
      ));
      const tokens = Math.round(tokensOf(alike[0]) / 1000);
      return `${capitalised(data)}, some ${number(tokens)}k tokens:\n\n${markdownTable(rows)}`;
    });
  }).join("\n\n");
}

/** Of each corpus the base and the longest run, in one small table. */
export function resultsTable(cells: readonly CellSummary[]): string {
  const corpora = Map.groupBy(cells, ({ cell }) => cell.data);
  return markdownTable([...corpora.values()].flatMap((cells) => {
    const base = cells.find((summary) => isShortBase(summary));
    const model = cells.filter(({ parameters }) => parameters === base?.parameters);
    const longest = model.toSorted((a, b) => tokensOf(b) - tokensOf(a))[0];
    return [...new Set([base, longest])].filter((summary) => summary !== undefined)
      .map((summary) => {
        const { cell } = summary;
        const name = `${cell.data}, ${number(stepsOf(summary))} steps of batch ${cell.batch}`;
        return { name, ...lead(summary) };
      });
  }));
}

/** Long runs: AGD, and AdamW with either second beta, where it was run. */
export function longRunsTable(cells: readonly CellSummary[]): string {
  const long = cells.filter((summary) => {
    const { rows } = summary;
    const isShown = bestOf(rows, "AdamW") ?? bestOf(rows, "AdamW, beta2 0.999");
    return isShown && stepsOf(summary) > LONG;
  });
  return markdownTable(long.map((summary) => {
    const { cell, rows, agd } = summary;
    return {
      name: `${labelOf(summary)}, ${number(stepsOf(summary))} steps, ${cell.data}`,
      AGD: spread(agd?.final),
      "AdamW, 0.95 (rate)": withRate(bestOf(rows, "AdamW")),
      "AdamW, 0.999 (rate)": withRate(bestOf(rows, "AdamW, beta2 0.999")),
      "AGD is where the best ends after": share(summary),
    };
  }));
}

/** Where Muon was tried, at each length: AGD and its variants, and each method's best rate. */
export function rivalsTable(cells: readonly CellSummary[]): string {
  const hasMuon = ({ rows }: CellSummary) => rows.some((row) => row.contender.optimizer === "muon");
  const alike = Map.groupBy(cells, (summary) => `${labelOf(summary)}, ${summary.cell.data}`);
  return [...alike].filter(([, summaries]) => summaries.some(hasMuon)).map(([label, summaries]) => {
    const tried = new Set(
      summaries.filter(hasMuon).flatMap(({ rows }) => rows.filter(isOther).map(methodOf)),
    );
    const lengths = summaries
      .filter(({ rows }) => rows.some((row) => isOther(row) && tried.has(methodOf(row))))
      .toSorted((a, b) => stepsOf(a) - stepsOf(b));
    const methods = new Set(lengths.toReversed().flatMap(({ rows }) => rows.map(methodOf)));
    const rows = [...methods].map((name): Result => {
      const columns = lengths.map((summary) => [
        `${number(stepsOf(summary))} steps`,
        cellOf(summary.rows.filter((row) => methodOf(row) === name)[0]), // the rows are ranked
      ]);
      return { name, ...Object.fromEntries(columns) };
    });
    return `${capitalised(label)}:\n\n${markdownTable(rows)}`;
  }).join("\n\n");
}

const isOther = ({ contender }: Row) => isRival(contender);

/** A form of AGD, or another method whatever its rate. */
function methodOf({ contender }: Row): string {
  return familyOf(contender) ?? nameOf(contender);
}

/** A row's loss, to three decimals, and the rate if there is one to choose. */
function cellOf(row: Row | undefined): string {
  if (!row) return "";
  const { contender, final } = row;
  const rate = contender.optimizer === "agd" || !hasRate(contender)
    ? ""
    : ` (${contender.learningRate})`;
  return `${final.mean.toFixed(3)}${rate}`;
}

/** Parts of AGD that are exchanged or left out, by what its name tells of them, and in words. */
const PARTS_IN_WORDS = [
  ["momentum 0.9", "momentum 0.9"],
  ["growth false", "memory that does not grow"],
  ["cautious false", "not cautious"],
  ["shortening false", "steps that do not shorten"],
  ["nesterov false", "momentum that does not look ahead"],
  ["rowHistory false", "rows by their norm alone"],
  ["averaging false", "the last iterate, not the average"],
  ["vectors grouped", "vectors with the matrix before them"],
  ["vectors none", "vectors not trained"],
  ["momentum 0", "no momentum"],
  ["shares equal", "shares equal"],
  ["embeddings matrix", "embeddings as matrices"],
];
/** Those that cannot be set any more, of a version that had them. */
const FORMER_PARTS_IN_WORDS = [
  ["polarSteps 2", "2 steps to polar factors, not 4"],
  ["polarSteps 3", "3 steps to polar factors"],
  ["polarSteps 6", "6 steps to polar factors"],
  ["depth maps", "L counts query, key and value each"],
  ["ramp false", "no ramp"],
];
const FROBENIUS = "matrices by Frobenius' norm, not operator";

const FORMER = "AGD of version b12276a";

/** What tables call AGD, and AGD with a part exchanged or left out. */
const PARTS = new Map([
  ["AGD", "AGD"],
  [FORMER, FORMER],
  ["AGD as published", "as published"],
  [nameOf(agdWith({ ...agdSettings({}), norm: "frobenius" })), FROBENIUS],
  ...PARTS_IN_WORDS.map(([setting, words]) => [`AGD, ${setting}`, words] as const),
  ...FORMER_PARTS_IN_WORDS.map(([setting, words]) => (
    [`${FORMER}, ${setting}`, `${FORMER}: ${words}`] as const
  )),
]);

/** What AGD's parts are worth: seed 0 of the base on the first corpus, best first. */
export function partsTable(records: readonly RunRecord[]): string {
  const seed0 = records.filter(({ settings }) => settings.seed === 0);
  const { rows } = summarise(seed0).find((summary) => isShortBase(summary))!;
  const families = [...new Set(rows.flatMap(({ contender }) => familyOf(contender) ?? []))];
  const best = new Set(families.map((family) => bestOf(rows, family)));
  const shown = rows.flatMap((row): Result[] => {
    const name = best.has(row) ? row.name.replace(", lr ", ", rate ") : PARTS.get(row.name);
    const loss = row.records.map(finalLoss)[0];
    return name === undefined ? [] : [{ name, "validation loss": loss.toFixed(2) }];
  });
  return markdownTable(shown);
}

/** The runs of the base that a chart shows: those of the preset `quick`, whatever their seeds. */
export function chartedRuns(records: readonly RunRecord[]): RunRecord[] {
  const names = new Set([
    ...contenders.map(nameOf),
    ...grids.flatMap(({ learningRates, ...rest }) =>
      learningRates.map((learningRate) => nameOf({ ...rest, learningRate }))
    ),
  ]);
  return summarise(records).filter((summary) => isShortBase(summary))
    .flatMap(({ rows }) => rows.filter(({ name }) => names.has(name)))
    .flatMap(({ records }) => records);
}

/** AGD against the best AdamW, over the seeds of both. */
function lead(summary: CellSummary): Record<string, string> {
  const { agd, adamw } = summary;
  const comparison = agd && adamw && comparisonOf(agd, adamw);
  return {
    AGD: spread(comparison?.agd),
    "best AdamW": spread(comparison?.other),
    "its rate": adamw ? rateOf(adamw.contender) : "",
    "AGD is there after": share(summary),
  };
}

/** The tokens after which AGD is where the best AdamW ends, and their share of the run's. */
function share(summary: CellSummary): string {
  const { mean, seeds, of } = summary.agd?.tokensToAdamW ?? {};
  if (mean === undefined) return "";
  const percent = Math.round(100 * mean / tokensOf(summary));
  const some = seeds === of ? "" : `, ${seeds} of ${of} seeds`;
  return `${number(Math.round(mean / 1000))}k (${percent}%${some})`;
}

/** The base in full; another cell by what it is that the base is not. */
function labelOf(summary: CellSummary): string {
  return differences(summary).join(", ") || BASE;
}

function differences({ cell }: CellSummary): string[] {
  const base = BASE.split(", ");
  return describeCell(cell).split(", ").filter((part) => !base.includes(part));
}

function isShortBase(summary: CellSummary): boolean {
  return stepsOf(summary) <= LONG && differences(summary).length === 0;
}

/** Nothing but steps ends the runs that are kept here. */
function stepsOf({ cell: { steps = Infinity } }: CellSummary): number {
  return steps;
}

function batchOf({ cell }: CellSummary): number {
  return cell.batch;
}

function tokensOf(summary: CellSummary): number {
  return stepsOf(summary) * summary.cell.batch * summary.cell.context;
}

function withRate(row: Row | undefined): string {
  if (!row || row.contender.optimizer === "agd") return "";
  return `${spread(row.final)} (${row.contender.learningRate})`;
}

/** A learning rate, and what else is not as usual, e.g. `0.003, beta2 0.999`. */
function rateOf(contender: Contender): string {
  if (contender.optimizer === "agd") return "";
  const [, ...forms] = familyOf(contender)!.split(", ");
  return [contender.learningRate, ...forms].join(", ");
}

function spread(of: Spread | undefined): string {
  if (!of) return "";
  const mean = of.mean.toFixed(2);
  return of.deviation === undefined ? mean : `${mean} ± ${of.deviation.toFixed(2)}`;
}

function capitalised(text: string): string {
  return `${text[0].toUpperCase()}${text.slice(1)}`;
}

function number(value: number): string {
  return value.toLocaleString("en");
}
