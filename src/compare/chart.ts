import { axis, renderChart, TEXT } from "../run/render_chart.ts";
import { type RoundRange, roundRange } from "../run/round_range.ts";
import { familyOf } from "./contender.ts";
import { bestOf, type CellSummary, type Row } from "./summary.ts";
import { shortName } from "./report.ts";

/** Pixels of a panel, with its axes and title: of one by itself, and of one of several. */
const ALONE = { width: 900, height: 480 };
const PANEL = { width: 560, height: 380 };
const COLUMNS = 2;

/** Of the legend: the height of a row; what an item takes beside its text; a character. */
const LEGEND = { row: 30, item: 46, character: 7.8 };

/** Of optimisers with a learning rate; other rates of the grid are drawn in the paler one. */
const TUNED = new Map([
  ["AdamW", ["#1b66ab", "#bcd6ec"]],
  ["AdamW, beta2 0.999", ["#0c8599", "#b5dfe5"]],
  ["AdamW from AGD's initial weights", ["#087f5b", "#b2e5d8"]],
  ["Muon, linear to 0", ["#9c36b5", "#eebefa"]],
  ["Schedule-free Muon", ["#c2255c", "#fcc2d7"]],
  ["ScheduleFree+", ["#e67700", "#ffe8cc"]],
  ["ScheduleFree+, weight decay 20", ["#862e9c", "#eebefa"]],
  ["SGD", ["#5f3dc4", "#d0bfff"]],
]);
/** The same of AdamW in other forms. */
const TUNED_OTHERS = [
  ["#364fc7", "#bac8ff"],
  ["#a61e4d", "#fcc2d7"],
  ["#5c5f66", "#ced4da"],
  ["#2f9e44", "#b2f2bb"],
  ["#846358", "#e0cfc8"],
  ["#0b7285", "#99e9f2"],
];
const OTHERS = [
  "#d9480f",
  "#2b8a3e",
  "#c2255c",
  "#e67700",
  "#0b7285",
  "#5c940d",
  "#862e9c",
  "#495057",
];

/** With more forms of AGD than colours the next ones are dashed. */
const DASHES = ["solid", "dashed", "dotted"] as const;

/** Draws the mean validation loss of every contender over the tokens, a panel a cell, as SVG. */
export function compareChart(cells: readonly CellSummary[]): string {
  const columns = Math.min(COLUMNS, Math.max(1, cells.length));
  const size = columns === 1 ? ALONE : PANEL;
  const width = columns * size.width;
  const lines = linesOf(cells);
  const shown = [...new Set(lines.flat().map(({ name }) => name))].sort();
  const legend = 20 + LEGEND.row * legendRows(shown, width - 32);
  const panels = cells.map((cell, i): Panel => ({
    ...{ title: shortName(cell.cell, cells), lines: lines[i] },
    range: lossRange(lines[i], cell.vocabularySize),
    left: i % columns * size.width,
    top: legend + Math.floor(i / columns) * size.height,
  }));
  const height = legend + Math.ceil(cells.length / columns) * size.height;
  return renderChart({ width, height }, {
    legend: {
      data: shown,
      ...{ left: 16, right: 16, top: 12, itemGap: 16, itemHeight: 8, selectedMode: false },
      textStyle: { fontSize: 13, color: TEXT },
      // room for fonts that are wider than ECharts takes them to be
      formatter: (name: string) => name + "\u00a0".repeat(Math.ceil(name.length / 6)),
    },
    title: panels.map(({ title: text, lines, range, left, top }) => ({
      ...{ text, subtext: aboveText(lines, range), left: left + 64, top, itemGap: 2 },
      textStyle: { fontSize: 13, color: TEXT, width: size.width - 200, overflow: "break" },
      subtextStyle: { fontSize: 11, color: TEXT },
    })),
    grid: panels.map(({ left, top }) => ({
      ...{ left: left + 64, top: top + 44, width: size.width - 96, height: size.height - 108 },
    })),
    xAxis: panels.map((_, gridIndex) => ({
      ...{ ...axis("tokens", 30, 12), gridIndex, min: 0, splitLine: { show: false } },
    })),
    yAxis: panels.map(({ range }, gridIndex) => ({
      ...{ ...axis("validation loss (nats per token)", 44, 12), gridIndex, ...range },
    })),
    series: panels.flatMap(({ lines }, i) => lines.map((line) => seriesOf(line, i))),
  });
}

/** A cell's part of the chart. */
interface Panel {
  title: string;
  lines: readonly Line[];
  /** Of the loss axis; undefined without a loss. */
  range?: RoundRange;
  /** Pixels. */
  left: number;
  top: number;
}

interface Line {
  name: string;
  color: string;
  dash: typeof DASHES[number];
  /** A learning rate that is not the best. */
  pale: boolean;
  /** AGD with nothing changed, or the best AdamW. */
  isMain: boolean;
  points: [tokens: number, loss: number][];
}

function seriesOf({ name, color, dash, isMain, pale, points }: Line, panel: number) {
  return {
    ...{ type: "line", silent: true, emphasis: { disabled: true } } as const,
    ...{ name, xAxisIndex: panel, yAxisIndex: panel, data: points },
    ...{ showSymbol: points.length === 1, symbol: "circle", clip: true },
    z: isMain ? 3 : pale ? 1 : 2,
    itemStyle: { color },
    lineStyle: { color, type: dash, width: pale ? 1 : 2 },
  };
}

/** The lines of each cell, the same contender in the same colour in all. */
function linesOf(cells: readonly CellSummary[]): Line[][] {
  const all = cells.flatMap(({ rows }) => rows.filter(isAgd).map(({ name }) => name));
  const names = [...new Set(all)].sort();
  const families = cells.flatMap(({ rows }) =>
    rows.flatMap(({ contender }) => familyOf(contender) ?? [])
  );
  const others = [...new Set(families)].filter((family) => !TUNED.has(family)).sort();
  const colorsOf = (family: string) =>
    TUNED.get(family) ?? TUNED_OTHERS[others.indexOf(family) % TUNED_OTHERS.length];
  return cells.map((cell) => linesIn(cell, names, colorsOf));
}

/** Pale lines come first, below the others. */
function linesIn(
  { rows, agd, adamw }: CellSummary,
  names: readonly string[],
  colorsOf: (family: string) => readonly string[],
): Line[] {
  return rows.map((row): Line => {
    const { contender, name } = row;
    const points = meanCurve(row);
    const family = familyOf(contender);
    if (family === undefined) {
      const number = names.indexOf(name);
      const color = OTHERS[number % OTHERS.length];
      const dash = DASHES[Math.floor(number / OTHERS.length) % DASHES.length];
      return { name, color, dash, pale: false, isMain: row === agd, points };
    }
    const pale = row !== bestOf(rows, family);
    const color = colorsOf(family)[pale ? 1 : 0];
    return {
      name: `${family}, ${pale ? "other" : "best"} learning rate`,
      color,
      dash: "solid",
      pale,
      isMain: row === adamw,
      points,
    };
  }).sort((a, b) => Number(b.pale) - Number(a.pale));
}

function isAgd({ contender }: Row): boolean {
  return contender.optimizer === "agd";
}

/** The mean over the seeds, as far as all of them go. */
function meanCurve({ records }: Row): Line["points"] {
  const length = Math.min(...records.map(({ curve }) => curve.length));
  return records[0].curve.slice(0, length).map(({ tokens }, i) => {
    const losses = records.map(({ curve }) => curve[i].val_loss);
    return [tokens, losses.reduce((a, b) => a + b, 0) / losses.length];
  });
}

/**
 * The losses that are shown: from where AGD and the best AdamW begin, if they are there, and of
 * each other line at least the lowest, unless to guess without a model is better (log V).
 */
function lossRange(lines: readonly Line[], vocabularySize: number): RoundRange | undefined {
  const main = lines.filter(({ isMain }) => isMain);
  const counted = main.length > 0 ? main : lines.filter(({ pale }) => !pale);
  const whole = counted.flatMap(lossesOf);
  const lowest = lines.map(lowestOf).filter(Number.isFinite);
  const shown = lowest.filter((loss) => loss <= Math.log(vocabularySize));
  const top = Math.max(...whole, ...shown);
  return lowest.length > 0 ? roundRange(Math.min(...lowest), top) : undefined;
}

/** Names the lines that are above all that is shown. */
function aboveText(lines: readonly Line[], range: RoundRange | undefined): string {
  const { max } = range ?? { max: Infinity };
  const above = lines.filter((line) => lowestOf(line) > max && lowestOf(line) < Infinity);
  const names = new Set(above.map(({ name }) => name));
  return names.size > 0 ? `above: ${[...names].join("; ")}` : "";
}

function lossesOf({ points }: Line): number[] {
  return points.map(([, loss]) => loss).filter(Number.isFinite);
}

/** Infinite if no loss of it is finite. */
function lowestOf(line: Line): number {
  return Math.min(...lossesOf(line));
}

/** Rows that a legend takes in so many pixels. */
function legendRows(names: readonly string[], width: number): number {
  let rows = 1;
  let used = 0;
  for (const { length } of names) {
    const item = LEGEND.item + LEGEND.character * length;
    if (used > 0 && used + item > width) {
      rows++;
      used = 0;
    }
    used += item;
  }
  return rows;
}
