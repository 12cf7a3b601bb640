import { init } from "echarts";
import { bestOf, type CellSummary, type Row } from "./summary.ts";
import { shortName } from "./report.ts";

/** Pixels of one panel, with its axes and title. */
const PANEL = { width: 560, height: 380 };
const COLUMNS = 2;
/** One row of the legend. */
const LEGEND = 26;

const TEXT = "#333333";
/** Of optimisers with a learning rate; other rates of the grid are drawn in the paler one. */
const TUNED = { adamw: ["#1b66ab", "#bcd6ec"], sgd: ["#5f3dc4", "#d0bfff"] } as const;
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
  const width = columns * PANEL.width;
  const names = [
    ...new Set(cells.flatMap(({ rows }) => rows.filter(isAgd).map(({ name }) => name))),
  ];
  const panels = cells.map((cell, i) => {
    const left = i % columns * PANEL.width;
    const top = Math.floor(i / columns) * PANEL.height;
    return { cell, i, left, top, lines: linesOf(cell, names) };
  });
  const rows = Math.ceil(cells.length / columns);
  const shown = new Set(panels.flatMap(({ lines }) => lines.map(({ name }) => name)));
  const legend = 16 + LEGEND * Math.ceil(shown.size / (2 * columns));
  const chart = init(null, null, {
    ...{ renderer: "svg", ssr: true, width, height: legend + rows * PANEL.height },
  });
  try {
    chart.setOption({
      animation: false,
      backgroundColor: "#ffffff",
      textStyle: { fontFamily: "sans-serif", color: TEXT },
      legend: {
        data: [...shown].sort(),
        ...{ left: 16, right: 16, top: 12, itemGap: 20, itemHeight: 8, selectedMode: false },
        textStyle: { fontSize: 13, color: TEXT },
      },
      title: panels.map(({ cell: { cell }, left, top }) => ({
        text: shortName(cell, cells),
        ...{ left: left + 64, top: legend + top + 8 },
        textStyle: { fontSize: 13, color: TEXT },
      })),
      grid: panels.map(({ left, top }) => ({
        ...{ left: left + 64, top: legend + top + 36 },
        ...{ width: PANEL.width - 96, height: PANEL.height - 100 },
      })),
      xAxis: panels.map(({ i }) => ({
        ...axis("tokens", 30),
        gridIndex: i,
        min: 0,
        splitLine: { show: false },
      })),
      yAxis: panels.map(({ i, lines }) => ({
        ...axis("validation loss (nats per token)", 44, { showMaxLabel: false }),
        ...{ gridIndex: i, scale: true, max: highest(lines) },
      })),
      series: panels.flatMap(({ i, lines }) =>
        lines.map(({ name, color, dash, pale, points }) => ({
          ...{ type: "line", silent: true, emphasis: { disabled: true } } as const,
          ...{ name, xAxisIndex: i, yAxisIndex: i, data: points },
          ...{ showSymbol: points.length === 1, symbol: "circle", clip: true, z: pale ? 1 : 2 },
          itemStyle: { color },
          lineStyle: { color, type: dash, width: pale ? 1 : 2 },
        }))
      ),
    });
    return chart.renderToSVGString();
  } finally {
    chart.dispose(); // or its timers keep the process alive
  }
}

interface Line {
  name: string;
  color: string;
  dash: typeof DASHES[number];
  pale: boolean;
  points: [tokens: number, loss: number][];
}

/** Pale lines come first, below the others. */
function linesOf({ rows }: CellSummary, names: readonly string[]): Line[] {
  return rows.map((row): Line => {
    const { contender, name } = row;
    const points = meanCurve(row);
    if (contender.optimizer === "agd") {
      const number = names.indexOf(name);
      const color = OTHERS[number % OTHERS.length];
      const dash = DASHES[Math.floor(number / OTHERS.length) % DASHES.length];
      return { name, color, dash, pale: false, points };
    }
    const { optimizer } = contender;
    const pale = row !== bestOf(rows, optimizer);
    const title = optimizer === "adamw" ? "AdamW" : "SGD";
    const color = TUNED[optimizer][pale ? 1 : 0];
    return {
      name: `${title}, ${pale ? "other" : "best"} learning rate`,
      color,
      dash: "solid",
      pale,
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

/** The top of the loss axis: what diverges does not press the others down. */
function highest(lines: readonly Line[]): number | undefined {
  const main = lines.filter(({ pale }) => !pale).flatMap(({ points }) =>
    points.map(([, loss]) => loss)
  );
  return main.length > 0 ? Math.max(...main) : undefined;
}

function axis(name: string, nameGap: number, label = {}) {
  return {
    ...{ type: "value", name, nameGap, nameLocation: "middle" } as const,
    nameTextStyle: { fontSize: 12, color: TEXT },
    axisLabel: { fontSize: 11, color: TEXT, hideOverlap: true, ...label },
    axisLine: { show: true, onZero: false, lineStyle: { color: "#888888" } },
    splitLine: { lineStyle: { color: "#e6e6e6" } },
  };
}
