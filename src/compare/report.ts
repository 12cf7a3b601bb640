import { describeCell, describeLength } from "./cell.ts";
import { familyOf } from "./contender.ts";
import { leadOf } from "./lead.ts";
import type { CellSummary, Row, Spread } from "./summary.ts";

const INTRODUCTION = `# Optimisers compared

Losses are validation losses in nats per token, on the same held-out documents at every evaluation.
Within a cell every optimiser trains the same model for the same number of steps on the same batches
in the same order, so on equal tokens. AGD has nothing to set, starts from its own initial weights
and is evaluated on its averaged ones; as published (by the Frobenius norm, without momentum) it is
evaluated on the last ones. AdamW (betas 0.9 and 0.95, weight decay 0.1, gradients clipped to a
global norm of 1) and SGD (momentum 0.9) start from GPT-2's initial weights, with warm-up over the
first tenth of the steps (at most 100) and a cosine down to a tenth of the learning rate that is
given: all of this where their name says nothing else. The best rate of a grid has the lowest final
validation loss: it is chosen with hindsight, which favours them. ± is the standard deviation over
the seeds; differences are taken seed by seed, and rows are ranked by them. Tokens to a loss are
interpolated between evaluations. The best of all is that of AdamW, Muon, SGD and the schedule-free
ones that were tried, each with the best of its grid. The time includes evaluations, and a first run
compiles kernels too; it tells of the optimisers only where nothing else kept the machine busy.
`;

const TIMED =
  `Where a cell's length is a time, all its runs have the same time to train, after kernels are compiled,
and not the same number of steps: what is faster sees more tokens.
`;

const MUON =
  `Muon (momentum 0.95, weight decay 0.1, no clipping) moves embeddings and vectors as AdamW does, at the
same learning rate; it starts as AdamW. Schedule-free, it moves an iterate at a rate that stays what it
is after warm-up, takes gradients at 0.9 of the way from it to the average of all iterates, and is
evaluated on that average.
`;

const SCHEDULE_FREE_PLUS =
  `ScheduleFree+ has no learning rate, and starts as AdamW. Its step is the loss over the l1 norm of the
gradient, which is taken at 0.9 of the way from the iterate to the average of the iterates, and by and
by, over 10,000 steps, at 0.965. It is evaluated on that average, which begins after 100 steps. Its
decay, 0 where its name says nothing else, is multiplied by the square of the step.
`;

/** The tables of a comparison, as Markdown. */
export function report(cells: readonly CellSummary[]): string {
  const parts = [
    INTRODUCTION,
    ...cells.some(({ cell }) => cell.seconds !== undefined) ? [TIMED] : [],
    ...cells.some(({ rows }) => rows.some(isMuon)) ? [MUON] : [],
    ...cells.some(({ rows }) => rows.some(isScheduleFreePlus)) ? [SCHEDULE_FREE_PLUS] : [],
    ...overview(cells),
    ...lostFirst(cells).flatMap((cell) => cellSection(cell, cells)),
  ];
  return parts.join("\n").trimEnd() + "\n";
}

function isMuon({ contender }: Row): boolean {
  return ["muon", "sf-muon", "amuse"].includes(contender.optimizer);
}

function isScheduleFreePlus({ contender }: Row): boolean {
  return contender.optimizer === "schedulefree+";
}

/** Cells in which AGD loses first, by how much; then the others as they are. */
function lostFirst(cells: readonly CellSummary[]): CellSummary[] {
  const loss = ({ comparison }: CellSummary) => Math.max(0, comparison?.difference.mean ?? 0);
  return cells.toSorted((a, b) => loss(b) === loss(a) ? 0 : loss(b) - loss(a));
}

/** AGD's defaults against the best of all in all cells, the lost ones first, and told of by name. */
function overview(cells: readonly CellSummary[]): string[] {
  const compared = lostFirst(cells).flatMap(({ cell, best, edges, comparison }) => {
    if (!best || !comparison) return [];
    const isOpen = edges.some(({ optimizer }) => optimizer === familyOf(best.contender));
    return [{ cell, best: best.name, isOpen, ...comparison }];
  });
  if (compared.length === 0) return [];
  const lost = compared.filter(({ difference }) => !(difference.mean <= 0));
  const won = compared.length - lost.length;
  const lines = [
    "## AGD against the best of all\n",
    `AGD's final loss is at or below that of the best of all in ${won} of ${compared.length} cells.`,
  ];
  if (lost.length > 0) {
    lines.push(
      "It is above in:\n",
      ...lost.map(({ cell, difference }) => {
        return `- ${shortName(cell, cells)}: by ${showSpread(difference)}`;
      }),
    );
  }
  const open = compared.filter(({ isOpen }) => isOpen).length;
  if (open > 0) {
    lines.push(
      `\nThe learning rate of the best is at an end of its grid, or the only one, in ${open} of the ` +
        "cells: there may be a better one.",
    );
  }
  const rows = compared.map(({ cell, agd, other, best, difference, seeds }) => [
    shortName(cell, cells),
    showSpread(agd),
    showSpread(other),
    best,
    showSpread(difference, true),
    String(seeds.length),
  ]);
  const titles = ["cell", "AGD", "the best of all", "which is", "difference", "seeds"];
  return [...lines, "", table(titles, rows)];
}

function cellSection(summary: CellSummary, cells: readonly CellSummary[]): string[] {
  const { cell, parameters, vocabularySize, adapters, rows, edges } = summary;
  return [
    `## ${shortName(cell, cells)}\n`,
    `${cell.data}: ${stepsOf(cell)}; ` +
    `layers ${cell.layers}, heads ${cell.heads}, width ${cell.width}, ` +
    `context ${cell.context}, batch ${cell.batch}, ${cell.vocabulary} vocabulary of ` +
    `${number(vocabularySize)}, ${cell.bias ? "" : "no "}biases, ` +
    `${cell.affine ? "" : "no "}affine layer norms; ${number(parameters)} parameters; on ` +
    `${adapters.join(" and ")}.\n`,
    rowTable(rows),
    ...edges.map(edgeNote),
    ...rows.flatMap(rowNotes),
    ...leadTable(summary),
  ];
}

/** AGD's lead along the runs of a cell, if they are evaluated often enough. */
function leadTable(summary: CellSummary): string[] {
  const lead = leadOf(summary);
  if (!lead) return [];
  const { tokens, optimizers } = lead;
  return [
    "AGD's lead after so many tokens: the lowest loss of any learning rate there minus AGD's. A rate\n" +
    "that is still on its way down has not had its end, with which the last column compares.\n",
    table(
      ["optimiser", ...tokens.map(number)],
      optimizers.map(({ name, ahead }) => [
        name,
        ...ahead.map((value) => value === undefined ? "" : showSpread({ mean: value }, true)),
      ]),
    ),
  ];
}

/** How many steps of how many tokens each. */
function stepsOf({ steps = 0, seconds, batch, context }: CellSummary["cell"]): string {
  const tokens = batch * context;
  const all = steps * tokens;
  if (seconds === undefined) {
    return `${number(steps)} steps of ${number(tokens)} tokens, ${number(all)} in all`;
  }
  const most = steps > 0 ? `, or ${number(steps)} of them if that is first` : "";
  return `${number(seconds)} s in steps of ${number(tokens)} tokens${most}`;
}

function rowTable(rows: readonly Row[]): string {
  const titles = [
    ...["optimiser", "seeds", "final loss", "minus AGD's", "lowest loss"],
    ...["tokens to AdamW's lowest", "time", "tok/s"],
  ];
  return table(
    titles,
    rows.map((row) => [
      row.name,
      String(row.seeds.length),
      showSpread(row.final),
      row.minusAgd ? showSpread(row.minusAgd, true) : "",
      showSpread(row.lowest),
      reached(row),
      `${row.seconds.toFixed(0)} s`,
      number(Math.round(row.tokensPerSecond)),
    ]),
  );
}

/** Tells of a grid that there may be a better learning rate than its best. */
function edgeNote({ optimizer, learningRate, end }: CellSummary["edges"][number]): string {
  return end === "only"
    ? `${learningRate} is the only learning rate of ${optimizer} that was tried: there may be a ` +
      "better one.\n"
    : `The best learning rate of ${optimizer}, ${learningRate}, is at the ${end} end of the ` +
      "grid: there may be a better one beyond it.\n";
}

/** Tells what went wrong in a contender's runs. */
function rowNotes({ name, diverged, records }: Row): string[] {
  const notes: string[] = [];
  const skipped = records.reduce((sum, { skipped = 0 }) => sum + skipped, 0);
  if (skipped > 0) {
    notes.push(
      `${name} skipped ${number(skipped)} steps: a gradient was not finite or too large.\n`,
    );
  }
  if (diverged.length > 0) {
    const reasons = records.flatMap(({ diverged }) => diverged ?? []);
    notes.push(`${name} diverged with ${seeds(diverged)}: ${reasons[0]}.\n`);
  }
  return notes;
}

/** A cell in a line, with all that tells it from the others. */
export function shortName(
  cell: CellSummary["cell"],
  cells: readonly CellSummary[],
): string {
  const name = describeCell(cell);
  const alike = cells.filter((other) => describeCell(other.cell) === name);
  const differs = (among: readonly CellSummary[], name: keyof typeof cell) =>
    among.some((other) => other.cell[name] !== cell[name]);
  const length = describeLength(cell);
  const twins = alike.filter(({ cell: { heads, data, ...other } }) =>
    heads === cell.heads && describeLength(other) === length && data === cell.data
  );
  const parts = [
    name,
    differs(alike, "heads") && `heads ${cell.heads}`,
    (differs(alike, "steps") || differs(alike, "seconds")) && length,
    differs(cells, "data") && cell.data,
    differs(twins, "evalEvery") && `evaluated every ${number(cell.evalEvery ?? 0)} steps`,
    differs(twins, "evaluations") && `evaluated ${number(cell.evaluations ?? 0)} times`,
    differs(twins, "validationTokens") && `evaluated on ${number(cell.validationTokens)} tokens`,
  ];
  return parts.filter((part) => part !== false).join(", ");
}

function reached({ tokensToAdamW }: Row): string {
  if (!tokensToAdamW) return "";
  const { mean, seeds, of } = tokensToAdamW;
  if (mean === undefined) return "not reached";
  const tokens = number(Math.round(mean));
  return seeds < of ? `${tokens} (${seeds} of ${of} seeds)` : tokens;
}

function showSpread(spread: Spread | undefined, signed = false): string {
  if (!spread || !Number.isFinite(spread.mean)) return "diverged";
  const { mean, deviation } = spread;
  const text = (signed && mean > 0 ? "+" : "") + mean.toFixed(4);
  return deviation === undefined ? text : `${text} ± ${deviation.toFixed(4)}`;
}

function seeds(list: readonly number[]): string {
  return `seed${list.length > 1 ? "s" : ""} ${list.join(", ")}`;
}

/** A Markdown table that can be read as it is too. */
function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = titles.map((title, i) =>
    Math.max(...[title, ...rows.map((row) => row[i])].map(({ length }) => length))
  );
  const line = (cells: readonly string[]) =>
    `| ${
      cells.map((cell, i) => i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])).join(
        " | ",
      )
    } |`;
  const rule = widths.map((width, i) => i === 0 ? "-".repeat(width) : "-".repeat(width - 1) + ":");
  return [line(titles), line(rule), ...rows.map(line), ""].join("\n");
}

function number(value: number): string {
  return value.toLocaleString("en");
}
