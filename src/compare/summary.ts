import type { Cell } from "./cell.ts";
import {
  type Contender,
  familyOf,
  hasRate,
  isAdamW,
  isDefault,
  isRival,
  nameOf,
} from "./contender.ts";
import { bestTrial, edge } from "./learning_rates.ts";
import {
  finalLoss,
  lowestLoss,
  type RunRecord,
  type RunSettings,
  tokensToReach,
} from "./record.ts";

/** A mean over seeds, and their standard deviation if there is more than one. */
export interface Spread {
  mean: number;
  deviation?: number;
}

/** A contender in a cell, over all of its seeds. */
export interface Row {
  contender: Contender;
  name: string;
  seeds: number[];
  /** Validation loss after the last step; infinite if a seed diverged. */
  final: Spread;
  /** What rows are ranked by: AGD's mean final loss plus `minusAgd`, or `final` where there is none. */
  rank: number;
  /** Lowest validation loss. */
  lowest: Spread;
  /** Its final loss minus that of AGD with nothing changed, over the seeds that both have. */
  minusAgd?: Spread;
  /**
   * Tokens to the lowest loss of the best AdamW with the same seed: their mean over the `seeds` of
   * which a run gets there, out of those that both have; undefined if there is none of these.
   */
  tokensToAdamW?: { mean?: number; seeds: number; of: number };
  seconds: number;
  tokensPerSecond: number;
  /** Seeds whose training diverged. */
  diverged: number[];
  records: RunRecord[];
}

/** The final losses of AGD with nothing changed and of another optimiser. */
export interface Comparison {
  /** Those that both have. */
  seeds: number[];
  agd: Spread;
  other: Spread;
  /** AGD's final loss minus the other's. */
  difference: Spread;
}

/** A cell, and how its runs were evaluated. */
export type EvaluatedCell = Cell & Evaluations;

type Evaluations = Pick<RunSettings, "evalEvery" | "evaluations" | "validationTokens">;

/** A cell with all of its contenders, best first. */
export interface CellSummary {
  cell: EvaluatedCell;
  vocabularySize: number;
  parameters: number;
  /** On which its runs were made. */
  adapters: string[];
  rows: Row[];
  /** AGD with nothing changed, if it was run. */
  agd?: Row;
  /** AdamW with the best learning rate of its grids, if it was run. */
  adamw?: Row;
  /** The best of all optimisers that AGD is held against, with the best rate of its grid. */
  best?: Row;
  /** AGD against that, over the seeds of both. */
  comparison?: Comparison;
  /** The best learning rates that are at an end of their grids, or all there is of them. */
  edges: { optimizer: string; learningRate: number; end: "lower" | "upper" | "only" }[];
}

/** Sums up the runs of a comparison, cell by cell. */
export function summarise(records: readonly RunRecord[]): CellSummary[] {
  const cells = Map.groupBy(
    records,
    ({ settings: { cell, data, ...settings } }) => {
      return JSON.stringify([cell, data.data, data.vocabulary, evaluationsOf(settings)]);
    },
  );
  return [...cells.values()].map(summariseCell).sort((a, b) => order(a.cell, b.cell));
}

/** The order of cells in the tables: by their properties in turn, with the usual before the rest. */
function order(a: EvaluatedCell, b: EvaluatedCell): number {
  const key = ({ data, vocabulary, bias, affine, ...sizes }: EvaluatedCell) => {
    const { layers, heads, width, context, batch, steps = Infinity, seconds = Infinity } = sizes;
    const { evalEvery = 0, evaluations = 0, validationTokens } = sizes;
    const plain = [vocabulary === "full", !bias, !affine].map(Number);
    const evaluation = [evalEvery, evaluations, validationTokens];
    return [data, ...plain, layers, heads, width, context, batch, steps, seconds, ...evaluation];
  };
  const others = key(b);
  for (const [i, value] of key(a).entries()) {
    if (value !== others[i]) return value < others[i] ? -1 : 1;
  }
  return 0;
}

function evaluationsOf({ evalEvery, evaluations, validationTokens }: Evaluations): Evaluations {
  return { evalEvery, evaluations, validationTokens };
}

function summariseCell(records: RunRecord[]): CellSummary {
  const [first] = records;
  const groups = Map.groupBy(records, ({ settings }) => nameOf(settings.contender));
  const rows = [...groups.values()].map(rowOf);
  const agd = rows.find(({ contender }) => isDefault(contender));
  for (const row of rows) {
    if (!agd || row === agd) continue;
    row.minusAgd = differenceOf(row, agd);
    const rank = agd.final.mean + (row.minusAgd?.mean ?? NaN);
    if (Number.isFinite(row.final.mean) && Number.isFinite(rank)) row.rank = rank;
  }
  rows.sort((a, b) => a.rank === b.rank ? 0 : a.rank - b.rank);
  const adamw = bestRow(rows, isAdamW);
  const best = bestRow(rows, isRival);
  const families = new Set(
    rows.flatMap(({ contender }) =>
      contender.optimizer !== "agd" && hasRate(contender) ? familyOf(contender)! : []
    ),
  );
  for (const row of rows) if (adamw) row.tokensToAdamW = tokensTo(row, adamw);
  return {
    cell: { ...first.settings.cell, data: first.data, ...evaluationsOf(first.settings) },
    vocabularySize: first.vocabulary_size,
    parameters: first.parameters,
    adapters: [...new Set(records.map(({ adapter }) => adapter))].sort(),
    ...{ rows, agd, adamw, best },
    comparison: agd && best && comparisonOf(agd, best),
    edges: [...families].flatMap((optimizer) => {
      const trials = trialsOf(rows, optimizer);
      const end = trials.length === 1 ? "only" : edge(trials);
      return end ? [{ optimizer, end, learningRate: bestTrial(trials).learningRate }] : [];
    }),
  };
}

function rowOf(unsorted: RunRecord[]): Row {
  const records = unsorted.toSorted((a, b) => a.settings.seed - b.settings.seed);
  const { contender } = records[0].settings;
  const final = spread(records.map(finalLoss));
  return {
    ...{ contender, records, name: nameOf(contender), seeds: seedsOf(records) },
    ...{ final, rank: final.mean },
    lowest: spread(records.map(lowestLoss)),
    seconds: mean(records.map(({ seconds }) => seconds)),
    tokensPerSecond: mean(records.map(({ tokens_per_second }) => tokens_per_second)),
    diverged: seedsOf(records.filter(({ diverged }) => diverged !== undefined)),
  };
}

function seedsOf(records: readonly RunRecord[]): number[] {
  return records.map(({ settings }) => settings.seed);
}

function trialsOf(rows: readonly Row[], family: string) {
  return rows.flatMap(({ contender, rank }) => {
    if (contender.optimizer === "agd" || familyOf(contender) !== family) return [];
    return [{ learningRate: contender.learningRate, loss: rank }];
  });
}

/** The row with the best learning rate of an optimiser's grid. */
export function bestOf(rows: readonly Row[], family: string): Row | undefined {
  const trials = trialsOf(rows, family);
  if (trials.length === 0) return undefined;
  const { learningRate } = bestTrial(trials);
  return rows.find(({ contender }) =>
    contender.optimizer !== "agd" && familyOf(contender) === family &&
    contender.learningRate === learningRate
  );
}

/** The best row of some grids. */
function bestRow(
  rows: readonly Row[],
  isMeant: (contender: Contender) => boolean,
): Row | undefined {
  const meant = rows.filter(({ contender }) => isMeant(contender));
  const families = [...new Set(meant.map(({ contender }) => familyOf(contender)!))];
  return families.map((family) => bestOf(rows, family)!).reduce<Row | undefined>(
    (best, row) => best && best.rank <= row.rank ? best : row,
    undefined,
  );
}

/** The pairs of runs of two rows that have their seed in common. */
function pairs(one: Row, other: Row): [RunRecord, RunRecord][] {
  return one.records.flatMap((record) => {
    const { seed } = record.settings;
    const partner = other.records.find(({ settings }) => settings.seed === seed);
    return partner ? [[record, partner] as [RunRecord, RunRecord]] : [];
  });
}

function tokensTo(row: Row, target: Row): Row["tokensToAdamW"] {
  const both = pairs(row, target).filter(([, best]) => Number.isFinite(lowestLoss(best)));
  if (both.length === 0) return undefined;
  const tokens = both
    .map(([run, best]) => tokensToReach(run.curve, lowestLoss(best)))
    .filter((tokens) => tokens !== undefined);
  const reached = tokens.length > 0 ? { mean: mean(tokens) } : {};
  return { ...reached, seeds: tokens.length, of: both.length };
}

function differenceOf(row: Row, other: Row): Spread | undefined {
  const both = pairs(row, other);
  if (both.length === 0) return undefined;
  return spread(both.map(([one, other]) => finalLoss(one) - finalLoss(other)));
}

/** AGD against another optimiser; undefined if they have no seed in common. */
export function comparisonOf(agd: Row, other: Row): Comparison | undefined {
  const both = pairs(agd, other);
  const difference = differenceOf(agd, other);
  return difference && {
    seeds: both.map(([{ settings }]) => settings.seed),
    agd: spread(both.map(([record]) => finalLoss(record))),
    other: spread(both.map(([, record]) => finalLoss(record))),
    difference,
  };
}

/** Mean and sample standard deviation. */
export function spread(values: readonly number[]): Spread {
  const center = mean(values);
  if (values.length === 1 || !Number.isFinite(center)) return { mean: center };
  const squares = values.map((value) => (value - center) ** 2).reduce((a, b) => a + b);
  return { mean: center, deviation: Math.sqrt(squares / (values.length - 1)) };
}

function mean(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}
