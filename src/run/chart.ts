import { axis, renderChart, TEXT } from "./render_chart.ts";
import { roundRange } from "./round_range.ts";

/** The losses of a step, as metrics.jsonl records them. */
export interface LossPoint {
  step: number;
  /** Training loss in nats per token. */
  loss: number;
  /** Validation loss in nats per token, where it was measured. */
  val_loss?: number | null;
  /** The step size that AGD chose. */
  eta?: number | null;
}

/** How a chart of losses looks. */
export interface LossChartOptions {
  title: string;
  subtitle?: string;
  /** Pixels. @default 720 */
  width?: number;
  /** Pixels of the losses with their title. @default 460 */
  height?: number;
}

type Point = [step: number, loss: number];

/** With more training losses than this, their running median is drawn over them. */
const SMOOTH_ABOVE = 60;

const RAW = "#a9c9e6";
const TRAINING = "#1b66ab";
const VALIDATION = "#d9480f";
const ETA = "#2b8a3e";

/** Pixels: text that is still read where a chart is shown at little more than half its size. */
const FONT = 19;

/** Pixels that the step size takes below the losses, and those to the left and right of both. */
const ETA_HEIGHT = 150;
const SIDES = { left: 96, right: 42 };

/**
 * Draws training and validation loss over the steps and, where there is one, the step size below
 * them, on an axis of its own. Values that are not finite are left out, and curves with more points
 * than pixels are thinned. It is drawn on white, so that it is read on dark pages too.
 *
 * @returns The text of an SVG file.
 */
export function lossChart(history: readonly LossPoint[], options: LossChartOptions): string {
  const { title, subtitle, width = 720, height = 460 } = options;
  const training = finitePoints(history.map(({ step, loss }) => [step, loss]));
  const validation = finitePoints(history.map(({ step, val_loss }) => [step, val_loss ?? NaN]));
  const eta = finitePoints(history.map(({ step, eta }) => [step, eta ?? NaN]));
  const smoothed = training.length > SMOOTH_ABOVE ? runningMedian(training) : training;
  const series = lines(training, smoothed, validation);
  const hasEta = eta.length > 0;
  const steps = {
    ...axis("step", 36, FONT),
    ...{ scale: true, minInterval: 1, splitLine: { show: false }, axisTick: { show: true } },
  };
  const above = { top: 96, height: height - 96 - 72, ...SIDES };
  return renderChart({ width, height: height + (hasEta ? ETA_HEIGHT : 0) }, {
    title: {
      ...{ text: title, subtext: subtitle, left: 20, top: 14, itemGap: 6 },
      textStyle: { fontSize: FONT + 3, color: TEXT, width: width - 300, overflow: "truncate" },
      subtextStyle: { fontSize: FONT - 2, color: "#555555" },
    },
    legend: {
      data: ["training", "validation"].filter((name) => series.some((s) => s.name === name)),
      ...{ right: 24, top: 16, itemGap: 22, itemHeight: 8, selectedMode: false },
      textStyle: { fontSize: FONT - 1, color: TEXT },
    },
    grid: hasEta ? [above, { top: height - 34, height: ETA_HEIGHT - 40, ...SIDES }] : above,
    xAxis: hasEta
      ? [{ ...steps, name: "", axisLabel: { show: false } }, { ...steps, gridIndex: 1 }]
      : steps,
    yAxis: [
      { ...axis("loss (nats per token)", 62, FONT), ...lossRange(training, smoothed, validation) },
      ...hasEta ? [etaAxis(eta)] : [],
    ],
    series: hasEta ? [...series, etaLine(eta)] : series,
  });
}

function etaAxis(eta: Point[]) {
  return {
    ...axis("step size", 62, FONT),
    ...roundRange(...extent(eta.map(([, value]) => value)), 3),
    gridIndex: 1,
  };
}

function etaLine(eta: Point[]) {
  return {
    ...line("step size", eta, ETA, 2, eta.length === 1),
    ...{ xAxisIndex: 1, yAxisIndex: 1 },
  };
}

/** The curves, of which later ones are drawn over those before. */
function lines(training: Point[], smoothed: Point[], validation: Point[]) {
  const series = [line("training", smoothed, TRAINING, 2, smoothed.length === 1)];
  if (smoothed !== training) series.unshift(line("every step", training, RAW, 1, false));
  if (validation.length > 0) {
    series.push(line("validation", validation, VALIDATION, 2, validation.length <= 100));
  }
  return series;
}

function line(name: string, data: Point[], color: string, width: number, symbols: boolean) {
  return {
    ...{ type: "line", sampling: "lttb", silent: true, emphasis: { disabled: true } } as const,
    ...{ name, data, showSymbol: symbols, symbol: "circle", symbolSize: 6 },
    itemStyle: { color },
    lineStyle: { color, width },
  };
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
