import { renderChart, TEXT } from "../src/run/render_chart.ts";
import type { Result } from "./result.ts";

const MEASURED = "#1b66ab";
const PREDICTED = "#d9480f";
const PANEL = { width: 190, gap: 44, left: 84, top: 96, height: 220 };

/**
 * Draws the results of `scaling`: the time per token against each dimension, and what FLOPs predict
 * from the smallest.
 *
 * @returns The text of an SVG file.
 */
export function scalingChart(results: readonly Result[], adapter: string): string {
  const panels = panelsOf(results);
  const width = PANEL.left + panels.length * (PANEL.width + PANEL.gap);
  const height = PANEL.top + PANEL.height + 64;
  const axisLabel = { fontSize: 12, color: TEXT };
  const nameTextStyle = { fontSize: 13, color: TEXT };
  return renderChart({ width, height }, {
    title: {
      text: "Forward and backward pass: time per token",
      subtext: adapter,
      left: 16,
      top: 12,
      itemGap: 6,
      textStyle: { fontSize: 18, color: TEXT },
      subtextStyle: { fontSize: 13, color: "#666666" },
    },
    legend: {
      data: ["measured", "predicted"],
      right: 32,
      top: 14,
      itemGap: 24,
      selectedMode: false,
    },
    grid: panels.map((_, i) => ({
      left: PANEL.left + i * (PANEL.width + PANEL.gap),
      top: PANEL.top,
      width: PANEL.width,
      height: PANEL.height,
    })),
    xAxis: panels.map(({ dimension, points }, gridIndex) => ({
      type: "category",
      gridIndex,
      name: dimension,
      nameLocation: "middle",
      nameGap: 32,
      nameTextStyle,
      axisLabel,
      data: points.map(({ value }) => value),
    })),
    yAxis: panels.map((_, gridIndex) => ({
      ...logRange(
        panels.flatMap(({ points }) => points.flatMap((p) => [p.measured, p.predicted])),
      ),
      type: "log",
      gridIndex,
      ...gridIndex === 0 && { name: "µs a token", nameLocation: "middle", nameGap: 60 },
      nameTextStyle,
      axisLabel: { ...axisLabel, show: gridIndex === 0 },
      splitLine: { lineStyle: { color: "#e6e6e6" } },
    })),
    series: panels.flatMap(({ points }, i) =>
      (["predicted", "measured"] as const).map((name) => {
        const color = name === "measured" ? MEASURED : PREDICTED;
        return {
          ...{ type: "line", silent: true, name, xAxisIndex: i, yAxisIndex: i } as const,
          data: points.map((point) => point[name]),
          symbol: name === "measured" ? "circle" : "none",
          symbolSize: 7,
          itemStyle: { color },
          lineStyle: { color, width: 2, type: name === "measured" ? "solid" : "dashed" },
        } as const;
      })
    ),
  });
}

interface Panel {
  dimension: string;
  points: { value: string; measured: number; predicted: number }[];
}

/** Results are named after their dimension and its value, as in `width 128`. */
function panelsOf(results: readonly Result[]): Panel[] {
  const panels = new Map<string, Panel>();
  for (const { name, skipped, ...quantities } of results) {
    if (skipped !== undefined) continue;
    const [dimension, value] = name.split(" ");
    const measured = Number(quantities["µs a token"]);
    const predicted = measured / Number(quantities["times predicted"]);
    if (!panels.has(dimension)) panels.set(dimension, { dimension, points: [] });
    panels.get(dimension)!.points.push({ value, measured, predicted });
  }
  return [...panels.values()];
}

/** The powers of ten around some numbers. */
function logRange(values: readonly number[]): { min: number; max: number } {
  return {
    min: 10 ** Math.floor(Math.log10(Math.min(...values))),
    max: 10 ** Math.ceil(Math.log10(Math.max(...values))),
  };
}
