import { assertEquals } from "@std/assert";
import {
  batchesTable,
  cellsTable,
  chartedRuns,
  longRunsTable,
  partsTable,
  resultsTable,
  rivalsTable,
} from "../../bench/comparison.ts";
import { cellsOf } from "../../src/compare/cell.ts";
import { agdWith } from "../../src/compare/contender.ts";
import { COMPARE_PRESETS } from "../../src/compare/presets.ts";
import type { RunRecord } from "../../src/compare/record.ts";
import { summarise } from "../../src/compare/summary.ts";
import { adamw, recordOf } from "./../compare/helpers.ts";

const [{ data: _, ...cell }] = cellsOf(COMPARE_PRESETS.quick.axes, "product", { steps: 4 });
const base = { cell, data: "stories", parameters: 7 };
const wide = { ...base, cell: { ...cell, width: 128 }, parameters: 9 };
const long = { ...base, cell: { ...cell, batch: 4, steps: 2000 } };
const squares = (rate: number) => ({ ...adamw(rate), beta2: 0.999 });
const deep = { ...base, cell: { ...cell, layers: 4 } };
const former = { ...agdWith(), name: "AGD of version b12276a, ramp false" };

const RECORDS: RunRecord[] = [
  recordOf(agdWith(), [6, 3], base),
  recordOf(agdWith(), [6, 4], { ...base, seed: 1 }),
  recordOf(adamw(0.003), [7, 4.5], base),
  recordOf(adamw(0.003), [7, 4.5], { ...base, seed: 1 }),
  recordOf(adamw(0.1), [7, 5], base),
  recordOf(agdWith({ momentum: 0 }), [6, 3.5], base),
  recordOf(former, [6, 3.75], base),
  recordOf(agdWith({ momentum: 0.5 }), [6, 3.25], base),
  recordOf(agdWith(), [6, 2], wide),
  recordOf(squares(0.01), [6, 2.5], wide),
  recordOf(agdWith(), [2, 1], long),
  recordOf(agdWith({ growth: false }), [3, 1.5], long),
  recordOf(agdWith(), [6, 2.25], deep),
  recordOf(adamw(0.003), [7, 4.5], deep),
  recordOf(squares(0.001), [3, 2], long),
];

/** A table's rows, without their padding. */
function rowsOf(markdown: string): string[] {
  return markdown.split("\n").map((line) => line.replaceAll(/ +/g, " "));
}

Deno.test("cellsTable: the base in full, others by what they differ in", () => {
  assertEquals(rowsOf(cellsTable(summarise(RECORDS))).filter((line) => !line.startsWith("| -")), [
    "Stories:",
    "",
    "| | steps | AGD | best AdamW | its rate | AGD is there after |",
    "| width 64, layers 2, context 64, batch 16 | 4 | 3.50 ± 0.71 | 4.50 ± 0.00 | 0.003 | 0k (4%) |",
    "| width 128 | 4 | 2.00 | 2.50 | 0.01, beta2 0.999 | 0k (5%) |",
    "| layers 4 | 4 | 2.25 | 4.50 | 0.003 | 0k (3%) |",
  ]);
});

Deno.test("batchesTable: as many tokens in batches of four sizes or more", () => {
  const runs = [[16, 4, 3], [1, 64, 2], [4, 16, 2.5], [64, 1, 3.5], [5, 100, 1], [8, 8, 2.75]]
    .flatMap(([batch, steps, loss]) => {
      const of = { ...base, cell: { ...cell, batch, steps } };
      return [recordOf(agdWith(), [6, loss], of), recordOf(adamw(0.003), [7, loss + 1], of)];
    });
  const rows = (records: RunRecord[]) =>
    rowsOf(batchesTable(summarise(records))).filter((line) => !line.startsWith("| -"));
  assertEquals(rows([...runs, ...RECORDS.slice(8)]), [
    "Stories, some 4k tokens:",
    "",
    "| | steps | AGD | best AdamW | its rate | AGD is there after |",
    "| batch 1 | 64 | 2.00 | 3.00 | 0.003 | 0k (4%) |",
    "| batch 4 | 16 | 2.50 | 3.50 | 0.003 | 0k (4%) |",
    "| batch 8 | 8 | 2.75 | 3.75 | 0.003 | 0k (4%) |",
    "| batch 16 | 4 | 3.00 | 4.00 | 0.003 | 0k (4%) |",
    "| batch 64 | 1 | 3.50 | 4.50 | 0.003 | 0k (4%) |",
  ]);
  assertEquals(rows(runs.slice(0, 6)), [""]);
});

Deno.test("rivalsTable: each method's best rate, a column for each length", () => {
  const muon = (rate: number) => ({ ...adamw(rate), optimizer: "muon" as const });
  const longer = { ...long, cell: { ...long.cell, steps: 8000 } };
  const longest = { ...long, cell: { ...long.cell, steps: 16000 } };
  const table = rivalsTable(summarise([
    ...RECORDS,
    recordOf(muon(0.01), [3, 1.25], long),
    recordOf(muon(0.03), [3, 1.125], long),
    recordOf(agdWith(), [2, 0.5], longer),
    recordOf(muon(0.01), [3, 0.75], longer),
    recordOf(squares(0.001), [3, 0.25], longest),
  ]));
  assertEquals(rowsOf(table).filter((line) => !line.startsWith("| -")), [
    "Batch 4, stories:",
    "",
    "| | 2,000 steps | 8,000 steps | 16,000 steps |",
    "| AdamW, beta2 0.999 | 2.000 (0.001) | | 0.250 (0.001) |",
    "| AGD | 1.000 | 0.500 | |",
    "| Muon | 1.125 (0.03) | 0.750 (0.01) | |",
    "| AGD, growth false | 1.500 | | |",
  ]);
});

Deno.test("longRunsTable and resultsTable: the long runs, and the longest beside the base", () => {
  const cells = summarise(RECORDS);
  assertEquals(
    rowsOf(longRunsTable(cells)).at(-1),
    "| batch 4, 2,000 steps, stories | 1.00 | | 2.00 (0.001) | 0k (0%) |",
  );
  assertEquals(rowsOf(resultsTable(cells)).slice(2), [
    "| stories, 4 steps of batch 16 | 3.50 ± 0.71 | 4.50 ± 0.00 | 0.003 | 0k (4%) |",
    "| stories, 2,000 steps of batch 4 | 1.00 | 2.00 | 0.001, beta2 0.999 | 0k (0%) |",
  ]);
});

Deno.test("partsTable: the named parts and the best rates, of seed 0", () => {
  assertEquals(rowsOf(partsTable(RECORDS)).slice(2), [
    "| AGD | 3.00 |",
    "| no momentum | 3.50 |",
    "| AGD of version b12276a: no ramp | 3.75 |",
    "| AdamW, rate 0.003 | 4.50 |",
  ]);
});

Deno.test("chartedRuns: the preset's optimisers in the base", () => {
  const names = chartedRuns(RECORDS).map(({ settings: { contender, seed } }) =>
    `${contender.optimizer} ${seed}`
  );
  assertEquals(names.sort(), ["adamw 0", "adamw 1", "agd 0", "agd 1"]);
});
