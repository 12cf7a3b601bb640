import { assertAlmostEquals, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { agdWith, initialisationOf, nameOf } from "../../src/compare/contender.ts";
import type { RunRecord } from "../../src/compare/record.ts";
import { report, shortName } from "../../src/compare/report.ts";
import { spread, summarise } from "../../src/compare/summary.ts";
import { compareChart } from "../../src/compare/chart.ts";
import { adamw, recordOf } from "./helpers.ts";

const AGD = agdWith();
const RECORDS = [
  recordOf(adamw(0.001), [8, 5.5]),
  recordOf(adamw(0.003), [8, 4], { seed: 1 }),
  recordOf(adamw(0.003), [8, 5]),
  recordOf(adamw(0.01), [9], { diverged: "the loss of step 5 is NaN", skipped: 1234 }),
  recordOf(AGD, [6, 3]),
  recordOf(AGD, [6, 4.5], { seed: 1 }),
  recordOf(agdWith({ momentum: 0.5 }), [6, 5.5]),
  // another cell, in which AGD loses, and AdamW's grid is open above
  recordOf(AGD, [9, 8.25], { cell: { width: 8 } }),
  recordOf(adamw(0.001), [9, 8], { cell: { width: 8 } }),
  recordOf(adamw(0.003), [9, 7], { cell: { width: 8 } }),
  // which is not the best AdamW: it does not start as AdamW does
  recordOf({ ...adamw(0.003), initialisation: "natural" }, [9, 6], { cell: { width: 8 } }),
];

Deno.test("spread: the mean and the sample standard deviation", () => {
  assertEquals(spread([3]), { mean: 3 });
  assertEquals(spread([2, 4, 6]), { mean: 4, deviation: 2 });
  assertEquals(spread([2, Infinity]), { mean: Infinity });
});

Deno.test("runs are summed up by cell and contender, and set against the best AdamW", () => {
  const [small, large] = summarise(RECORDS);
  assertEquals([small.cell.width, large.cell.width], [8, 16]);
  const { rows, agd, adamw: best, comparison, edges } = large;
  assertEquals(rows.map(({ name }) => name), [
    ...["AGD", "AdamW, lr 0.003", "AdamW, lr 0.001", "AGD, momentum 0.5", "AdamW, lr 0.01"],
  ]);
  assertEquals(rows[1].seeds, [0, 1]);
  assertEquals(rows[1].final.mean, 4.5);
  assertEquals([agd?.name, best?.name], ["AGD", "AdamW, lr 0.003"]);
  // seed by seed: 3 - 5 and 4.5 - 4
  assertEquals(comparison?.difference.mean, -0.75);
  assertAlmostEquals(comparison!.difference.deviation!, 2.5 / Math.SQRT2);
  assertEquals(edges, []);
  assertEquals(rows.at(-1)!.diverged, [0]);
  // AGD gets from 6 to 5 in a third of the second 100 tokens with seed 0, and never with seed 1
  assertAlmostEquals(agd!.tokensToAdamW!.mean!, 100 + 100 / 3);
  assertEquals([agd!.tokensToAdamW!.seeds, agd!.tokensToAdamW!.of], [1, 2]);
  assertEquals(best!.tokensToAdamW, { mean: 200, seeds: 2, of: 2 });
  assertEquals(rows[3].tokensToAdamW, { seeds: 0, of: 1 });
  assertEquals(rows.map(({ minusAgd }) => minusAgd?.mean), [undefined, 0.75, 2.5, 2.5, Infinity]);

  assertEquals(small.comparison, {
    ...{ seeds: [0], agd: { mean: 8.25 }, other: { mean: 7 }, difference: { mean: 1.25 } },
  });
  assertEquals(small.edges, [
    { optimizer: "AdamW from AGD's initial weights", learningRate: 0.003, end: "only" },
    { optimizer: "AdamW", learningRate: 0.003, end: "upper" },
  ]);
});

/** The same run, but for how it was evaluated. */
function evaluated(record: RunRecord, settings: Partial<RunRecord["settings"]>): RunRecord {
  return { ...record, settings: { ...record.settings, ...settings } };
}

Deno.test("a cell is named by what tells it from the others", () => {
  const cells = summarise([
    recordOf(AGD, [1]),
    recordOf(AGD, [1], { cell: { steps: 1600 } }),
    recordOf(AGD, [1], { cell: { width: 8, heads: 1 } }),
    recordOf(AGD, [1], { cell: { bias: false }, data: "novels" }),
    evaluated(recordOf(AGD, [1], { cell: { layers: 2 } }), { evalEvery: 1 }),
    evaluated(recordOf(AGD, [1], { cell: { layers: 2 } }), { validationTokens: 1024 }),
  ]);
  assertEquals(cells.map(({ cell }) => shortName(cell, cells)), [
    "width 16, layers 1, context 16, batch 2, no biases, novels",
    "width 8, layers 1, context 16, batch 2, stories",
    "width 16, layers 1, context 16, batch 2, 8 steps, stories",
    "width 16, layers 1, context 16, batch 2, 1,600 steps, stories",
    "width 16, layers 2, context 16, batch 2, stories, evaluated every 1 steps, " +
    "evaluated on 64 tokens",
    "width 16, layers 2, context 16, batch 2, stories, evaluated every 2 steps, " +
    "evaluated on 1,024 tokens",
  ]);
});

Deno.test("a cell whose length is a time says so", () => {
  const { steps: _, ...rest } = recordOf(AGD, [1]).settings.cell;
  const timed = (cell: { seconds: number; steps?: number }) =>
    evaluated(recordOf(AGD, [1]), {
      ...{ cell: { ...rest, ...cell }, evalEvery: undefined, evaluations: 4 },
    });
  const cells = summarise([
    ...[recordOf(AGD, [1]), timed({ seconds: 90 }), timed({ seconds: 60, steps: 8 })],
    evaluated(timed({ seconds: 90 }), { evaluations: 5 }),
  ]);
  const name = "width 16, layers 1, context 16, batch 2";
  assertEquals(cells.map(({ cell }) => shortName(cell, cells)), [
    ...[`${name}, 8 steps or 60 s`, `${name}, 8 steps`],
    ...[`${name}, 90 s, evaluated 4 times`, `${name}, 90 s, evaluated 5 times`],
  ]);
  const text = report(cells);
  assertStringIncludes(
    text,
    "\n\nWhere a cell's length is a time, all its runs have the same time",
  );
  assertStringIncludes(text, "\nstories: 90 s in steps of 32 tokens; layers 1,");
  assertStringIncludes(
    text,
    "\nstories: 60 s in steps of 32 tokens, or 8 of them if that is first; layers 1,",
  );
});

Deno.test("seeds that only one of two has say nothing of which is better", () => {
  const records = [
    recordOf(AGD, [5]),
    ...[6, 3].map((loss, seed) => recordOf(agdWith({ momentum: 0.5 }), [loss], { seed })),
    ...[4, 7].map((loss, seed) => recordOf(adamw(0.001), [loss], { seed })),
    recordOf(adamw(0.003), [3.5], { seed: 5 }),
  ];
  const [summary] = summarise(records);
  assertEquals(summary.rows.map(({ rank }) => rank), [3.5, 4, 5, 6]);
  assertEquals(summary.adamw?.name, "AdamW, lr 0.003");
  // seed 5 has no partner to reach it
  assertEquals(summary.agd?.tokensToAdamW, undefined);
  assertMatch(report([summary]), /\n\| AGD +\| +1 \| +5\.0000 \| +\| +5\.0000 \| +\| +2 s \|/);
});

Deno.test("contenders are ranked as if all had AGD's seeds", () => {
  const records = [
    ...[4, 5, 9].map((loss, seed) => recordOf(AGD, [loss], { seed })), // 6 on average
    ...[6, 7].map((loss, seed) => recordOf(adamw(0.003), [loss], { seed })), // 2 above AGD's
    recordOf(adamw(0.001), [6.5], { seed: 0 }), // 2.5 above it
    recordOf(adamw(0.01), [11], { seed: 2 }), // 2 above it
    recordOf(adamw(0.03), [7.5], { seed: 3 }), // which AGD has not
  ];
  const [{ rows, adamw: best, comparison }] = summarise(records);
  assertEquals(rows.map(({ rank }) => rank), [6, 7.5, 8, 8, 8.5]);
  assertEquals(best?.name, "AdamW, lr 0.03");
  assertEquals(comparison, undefined);

  const [{ adamw: other, comparison: compared }] = summarise(records.slice(0, -1));
  assertEquals(other?.name, "AdamW, lr 0.003");
  const spreads = [compared?.agd, compared?.other, compared?.difference];
  assertEquals(spreads.map((spread) => spread?.mean), [4.5, 6.5, -2]);
  assertEquals(compared?.seeds, [0, 1]);
});

Deno.test("the best AdamW is that of all decays, and each has a grid of its own", () => {
  const long = (learningRate: number) => ({ ...adamw(learningRate), beta2: 0.999 });
  const records = [
    recordOf(AGD, [6, 3]),
    ...[recordOf(adamw(0.001), [7, 5]), recordOf(adamw(0.003), [7, 5.5])],
    ...[recordOf(long(0.001), [7, 6]), recordOf(long(0.003), [7, 4])],
  ];
  const cells = summarise(records);
  assertEquals(cells[0].adamw?.name, "AdamW, beta2 0.999, lr 0.003");
  assertEquals(cells[0].comparison?.difference.mean, -1);
  assertEquals(cells[0].edges, [
    { optimizer: "AdamW, beta2 0.999", learningRate: 0.003, end: "upper" },
    { optimizer: "AdamW", learningRate: 0.001, end: "lower" },
  ]);
  assertMatch(
    report(cells),
    /\| +3\.0000 \| +4\.0000 \| AdamW, beta2 0\.999, lr 0\.003 \| +-1\.0000 \|/,
  );
  const others = [
    recordOf({ ...long(0.003), initialisation: "natural" }, [7, 3.5]),
    ...[0.98, 0.99].map((beta2) => recordOf({ ...adamw(0.003), beta2 }, [7, 6.5])),
  ];
  const colors = [
    ...compareChart(summarise([...records, ...others])).matchAll(
      / stroke="(#\w+)" stroke-width="2" stroke-linejoin/g,
    ),
  ];
  assertEquals(new Set(colors.map(([, color]) => color)).size, 6);
});

Deno.test("where every AdamW diverged there is nothing to reach, and an only rate is told of", () => {
  const records = [recordOf(AGD, [6, 5]), recordOf(adamw(0.1), [], { diverged: "NaN" })];
  const [{ agd, edges }] = summarise(records);
  assertEquals(agd?.tokensToAdamW, undefined);
  assertEquals(edges, [{ optimizer: "AdamW", learningRate: 0.1, end: "only" }]);
});

Deno.test("the report tells of what is lost, of open grids and of divergence", () => {
  const text = report(summarise(RECORDS));
  assertStringIncludes(
    text,
    "AGD's final loss is at or below that of the best of all in 1 of 2 cells.\nIt is above in:\n\n" +
      "- width 8, layers 1, context 16, batch 2: by 1.2500\n",
  );
  const name = "width 16, layers 1, context 16, batch 2";
  const row = "3.7500 ± 1.0607 | 4.5000 ± 0.7071 | AdamW, lr 0.003 | -0.7500 ± 1.7678 |     2 |";
  assertStringIncludes(text, `\n| ${name} | ${row}\n`);
  assertStringIncludes(text, `\n## ${name}\n\nstories: 8 steps of 32 tokens, 256 in all; `);
  assertStringIncludes(text, "; 1,234 parameters; on none.\n");
  assertStringIncludes(
    text,
    "\nThe learning rate of the best is at an end of its grid, or the only one, in 1 of the cells: ",
  );
  assertStringIncludes(
    text,
    "\n0.003 is the only learning rate of AdamW from AGD's initial weights that was tried: there ",
  );
  assertStringIncludes(
    text,
    "\n| AGD, momentum 0.5 |     1 |          5.5000 |          +2.5000 |          5.5000 | ",
  );
  assertStringIncludes(text, " 133 (1 of 2 seeds) | ");
  assertStringIncludes(
    text,
    "\n| AdamW, lr 0.01    |     1 |        diverged |         diverged |          9.0000 | ",
  );
  assertStringIncludes(
    text,
    "\nAdamW, lr 0.01 skipped 1,234 steps: a gradient was not finite or too large.\n\n" +
      "AdamW, lr 0.01 diverged with seed 0: the loss of step 5 is NaN.\n",
  );
  assertStringIncludes(
    text,
    "\nThe best learning rate of AdamW, 0.003, is at the upper end of the grid: " +
      "there may be a better one beyond it.\n",
  );
});

Deno.test("AGD is held against the best of all, and what it loses comes first", () => {
  const muon = { optimizer: "muon", learningRate: 0.01, decay: "linear" } as const;
  const cells = summarise([
    recordOf(AGD, [5]),
    recordOf(adamw(0.001), [6]),
    ...[4, 3].flatMap((loss, i) => [
      recordOf(AGD, [5], { cell: { layers: 2 + i } }),
      recordOf(adamw(0.001), [6], { cell: { layers: 2 + i } }),
      recordOf(muon, [loss], { cell: { layers: 2 + i } }),
      recordOf({ ...muon, initialisation: "natural" }, [1], { cell: { layers: 2 + i } }),
    ]),
  ]);
  assertEquals(cells.map(({ best }) => best?.name), [
    ...["AdamW, lr 0.001", "Muon, linear to 0, lr 0.01", "Muon, linear to 0, lr 0.01"],
  ]);
  const text = report(cells);
  assertStringIncludes(text, " that of the best of all in 1 of 3 cells.");
  const headings = [...text.matchAll(/^## .*layers (\d)/gm)].map(([, layers]) => layers);
  assertEquals(headings, ["3", "2", "1"]);
});

Deno.test("the chart has a panel for each cell and a colour for each form of AGD", () => {
  const svg = compareChart(summarise(RECORDS));
  for (const text of ["width 8, layers 1, context 16, batch 2", "AGD, momentum 0.5", "tokens"]) {
    assertMatch(svg, new RegExp(`>${text}\u00a0*</text>`));
  }
  // Other learning rates are pale and drawn first, AGD and the best AdamW last.
  const lines = svg.matchAll(/ stroke="(#\w+)"(?: stroke-width="2")? stroke-linejoin="bevel"/g);
  assertEquals([...lines].map(([, color]) => color), [
    ...["#bcd6ec", "#bcd6ec", "#bcd6ec"],
    ...["#087f5b", "#2b8a3e"],
    ...["#1b66ab", "#d9480f"],
    ...["#d9480f", "#1b66ab"],
  ]);
});

Deno.test("the chart's axes end at round steps, and show or name every curve", () => {
  const records = [
    recordOf(AGD, [6.1, 3.3]),
    recordOf(adamw(0.003), [6.9, 4.5]),
    recordOf({ optimizer: "sgd", learningRate: 1 }, [9, 8.2]),
    recordOf(agdWith({ momentum: 0 }), [200, 170]),
    recordOf(adamw(1), [NaN], { diverged: "NaN" }),
  ].map((record) => ({ ...record, vocabulary_size: 5000 }));
  const svg = compareChart(summarise(records));
  const labels = [...svg.matchAll(/>([\d.]+)<\/text>/g)].map(([, label]) => label);
  assertEquals(labels.slice(0, 7), ["3", "4", "5", "6", "7", "8", "9"]);
  assertEquals(labels.slice(7, 9), ["0", "50"]);
  assertEquals(labels.at(-1), "200");
  assertStringIncludes(svg, ">above: AGD, momentum 0</text>");
});

Deno.test("contenders are named by what is not AGD's default", () => {
  assertEquals(nameOf(agdWith({ norm: "frobenius" })), "AGD as published");
  assertEquals(
    nameOf(agdWith({ norm: "frobenius", vectors: "own" })),
    "AGD Frobenius, vectors own",
  );
  assertEquals(
    nameOf(agdWith({ nesterov: false, momentum: 0.95 })),
    "AGD, momentum 0.95, nesterov false",
  );
  assertEquals(nameOf({ optimizer: "sgd", learningRate: 0.1 }), "SGD, lr 0.1");
  const former = { former: 4 } as object; // a setting that there is no more
  assertEquals(
    nameOf({ optimizer: "agd", options: former, name: "AGD, former 4" }),
    "AGD, former 4",
  );
});

Deno.test("each contender starts from its own initial weights", () => {
  assertEquals(initialisationOf(agdWith()), "natural");
  assertEquals(initialisationOf(agdWith({ norm: "frobenius" })), "orthogonal");
  assertEquals(initialisationOf(agdWith({ norm: "frobenius", embeddings: "rows" })), "natural");
  assertEquals(initialisationOf(adamw(1)), "normal");
  assertEquals(initialisationOf({ ...adamw(1), initialisation: "natural" }), "natural");
});
