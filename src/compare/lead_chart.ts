import { axis, renderChart, TEXT } from "../run/render_chart.ts";
import { describeCell } from "./cell.ts";
import { BEST, leadOf } from "./lead.ts";
import type { CellSummary } from "./summary.ts";

/** Pixels. */
const SIZE = { width: 900, height: 480 };
/** A row of the legend. */
const ROW = 26;
const COLORS = ["#d9480f", "#1b66ab", "#2b8a3e", "#9c36b5", "#5c5f66", "#0c8599", "#c2255c"];

/**
 * Draws AGD's lead over the best of all against the length of a run, as SVG: a line for the cells
 * that differ in nothing but their length, through their ends; and dashed, along each run, the lead
 * over the lowest loss of any rate there, where a rate that is to fall has not had its end.
 *
 * @returns undefined if there is nothing to show, as of runs of one length that are evaluated rarely.
 */
export function leadChart(cells: readonly CellSummary[]): string | undefined {
  const shown = cells.filter(({ cell, comparison }) =>
    cell.seconds === undefined && Number.isFinite(comparison?.difference.mean)
  );
  const groups = [...Map.groupBy(shown, (summary) => nameOf(summary, shown))]
    .filter(([, members]) => members.length > 1 || alongRun(members[0]).length > 0);
  if (groups.length === 0) return undefined;
  const top = 24 + ROW * groups.length;
  return renderChart({ ...SIZE, height: SIZE.height + top }, {
    legend: {
      ...{ data: groups.map(([name]) => name), orient: "vertical", left: 72, top: 12 },
      ...{ itemHeight: 8, itemGap: 10, selectedMode: false },
      textStyle: { fontSize: 13, color: TEXT },
    },
    grid: { left: 72, top: top + 8, width: SIZE.width - 104, height: SIZE.height - 72 },
    xAxis: { ...axis("tokens", 32, 13), type: "log", splitLine: { show: false } },
    yAxis: { ...axis("AGD's lead over the best of all (nats per token)", 48, 13) },
    series: groups.flatMap(([name, members], i) => seriesOf(name, members, i)),
  });
}

/** The ends of some cells' runs, the shortest first, and what led to them. */
function seriesOf(name: string, members: readonly CellSummary[], group: number) {
  const color = COLORS[group % COLORS.length];
  const line = {
    ...{ type: "line", name, silent: true, symbol: "circle", itemStyle: { color } } as const,
    emphasis: { disabled: true },
  };
  const zero = {
    ...{ silent: true, symbol: "none", label: { show: false }, data: [{ yAxis: 0 }] },
    lineStyle: { color: "#888888", type: "solid" },
  } as const;
  const ends = members.map((summary) => [tokensOf(summary), -summary.comparison!.difference.mean])
    .sort(([a], [b]) => a - b);
  return [
    {
      ...{ ...line, data: ends, symbolSize: 8, lineStyle: { color, width: 2 } },
      ...group === 0 ? { markLine: zero } : {},
    },
    ...members.map((summary) => ({
      ...{ ...line, data: alongRun(summary), showSymbol: false },
      lineStyle: { color, width: 1, type: "dashed" } as const,
    })),
  ];
}

function alongRun(summary: CellSummary): [tokens: number, ahead: number][] {
  const { tokens = [], optimizers = [] } = leadOf(summary) ?? {};
  const best = optimizers.find(({ name }) => name === BEST)?.ahead ?? [];
  return tokens.flatMap((at, i) => best[i] === undefined ? [] : [[at, best[i]]]);
}

function tokensOf({ cell: { steps = 0, batch, context } }: CellSummary): number {
  return steps * batch * context;
}

/** A cell in a line, but for its length; its data where that is not the same in all. */
function nameOf({ cell }: CellSummary, cells: readonly CellSummary[]): string {
  const isAlone = cells.every((other) => other.cell.data === cell.data);
  return isAlone ? describeCell(cell) : `${describeCell(cell)}, ${cell.data}`;
}
