import { axis, renderChart, TEXT } from "./render_chart.ts";
import { roundRange } from "./round_range.ts";

/** The losses of a step, as metrics.jsonl records them. */
export interface LossPoint {
  step: number;
  /** Training loss in nats per token. */
  loss: number;
  /** Validation loss in nats per token, where it was measured. */
  val_loss?: number | null;
}

/** How a chart of losses looks. */
export interface LossChartOptions {
  title: string;
  subtitle?: string;
  /** Pixels. @default 800 */
  width?: number;
  /** Pixels. @default 440 */
  height?: number;
}

type Point = [step: number, loss: number];

/** With more training losses than this, their running median is drawn over them. */
const SMOOTH_ABOVE = 60;

const RAW = "#a9c9e6";
const TRAINING = "#1b66ab";
const VALIDATION = "#d9480f";

/**
 * Draws training and validation loss over the steps. Losses that are not finite are left out, and
 * curves with more points than pixels are thinned.
 *
 * @returns The text of an SVG file.
 */
export function lossChart(history: readonly LossPoint[], options: LossChartOptions): string {
  const { title, subtitle, width = 800, height = 440 } = options;
  const training = finitePoints(history.map(({ step, loss }) => [step, loss]));
  const validation = finitePoints(history.map(({ step, val_loss }) => [step, val_loss ?? NaN]));
  const smoothed = training.length > SMOOTH_ABOVE ? runningMedian(training) : training;
  const series = lines(training, smoothed, validation);
  return renderChart({ width, height }, {
    title: {
      ...{ text: title, subtext: subtitle, left: 16, top: 12, itemGap: 6 },
      textStyle: { fontSize: 18, color: TEXT },
      subtextStyle: { fontSize: 13, color: "#666666" },
    },
    legend: {
      data: ["training", "validation"].filter((name) => series.some((s) => s.name === name)),
      ...{ right: 32, top: 14, itemGap: 28, itemHeight: 8, selectedMode: false },
      textStyle: { fontSize: 13, color: TEXT },
    },
    grid: { left: 72, right: 32, top: 84, bottom: 60 },
    xAxis: {
      ...axis("step", 34, 13),
      ...{ scale: true, minInterval: 1, splitLine: { show: false }, axisTick: { show: true } },
    },
    yAxis: {
      ...axis("loss (nats per token)", 46, 13),
      ...lossRange(training, smoothed, validation),
    },
    series,
  });
}

/** The curves, of which later ones are drawn over those before. */
function lines(training: Point[], smoothed: Point[], validation: Point[]) {
  const line = (name: string, data: Point[], color: string, width: number, symbols: boolean) => ({
    ...{ type: "line", sampling: "lttb", silent: true, emphasis: { disabled: true } } as const,
    ...{ name, data, showSymbol: symbols, symbol: "circle", symbolSize: 6 },
    itemStyle: { color },
    lineStyle: { color, width },
  });
  const series = [line("training", smoothed, TRAINING, 2, smoothed.length === 1)];
  if (smoothed !== training) series.unshift(line("every step", training, RAW, 1, false));
  if (validation.length > 0) {
    series.push(line("validation", validation, VALIDATION, 2, validation.length <= 100));
  }
  return series;
}

function finitePoints(points: Point[]): Point[] {
  return points.filter((point) => point.every(Number.isFinite));
}

/**
 * The median of the losses around each step, over a thirtieth of the steps, at no more than 400 of
 * them. A single spike does not move it.
 */
function runningMedian(points: Point[]): Point[] {
  const last = points.length - 1;
  const reach = Math.ceil(points.length / 60);
  const count = Math.min(points.length, 400);
  return Array.from({ length: count }, (_, i) => {
    const center = Math.round(i * last / (count - 1));
    const around = Math.min(reach, center, last - center); // symmetric at the ends too
    const losses = points.slice(center - around, center + around + 1).map(([, loss]) => loss);
    return [points[center][0], Float64Array.from(losses).sort()[around]];
  });
}

/** Round bounds of the loss axis. A single spike of the training loss does not set them. */
function lossRange(training: Point[], smoothed: Point[], validation: Point[]) {
  const losses = [...smoothed, ...validation].map(([, loss]) => loss);
  if (losses.length === 0) return {};
  const [lowest, highest] = extent([...training.map(([, loss]) => loss), ...losses]);
  const [, top] = extent(losses);
  const max = Math.min(highest, top + (top - lowest) / 10);
  return roundRange(lowest, max);
}

function extent(values: number[]): [number, number] {
  return values.reduce(
    ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
    [Infinity, -Infinity],
  );
}
