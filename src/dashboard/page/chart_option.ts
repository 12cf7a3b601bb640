/// <reference lib="dom" />
import type * as echarts from "echarts";
import { duration, short, whole } from "./format.ts";
import { type Dash, extentOf, type Line, pointsIn, type Scale } from "./points.ts";
import { styleColour } from "./theme.ts";

/** What a chart shows, and how. */
export interface ChartSpec {
  title: string;
  unit: string;
  /** Whether values are whole numbers, and read as such. */
  isWhole?: boolean;
  /** What the x axis is: seconds are labelled as durations. */
  x: "step" | "tokens" | "seconds";
  xScale: Scale;
  y: Scale;
  /** What is in view, and all that there is to see; by default what lines hold. */
  zoom?: [number, number];
  extent?: [number, number];
  lines: Line[];
}

/** What ECharts is told. */
export function chartOption(
  { x, xScale, y, zoom, extent: all, lines }: ChartSpec,
): echarts.EChartsOption {
  const [text, grid] = [styleColour("--muted"), styleColour("--grid")];
  const label = { color: text, fontSize: 11, hideOverlap: true };
  const shown = lines.map((line) => ({ ...line, points: pointsIn(line.points, zoom, y, xScale) }));
  const extent = zoom ?? all ?? extentOf(shown) ?? [0, 1];
  return {
    animation: false,
    grid: { left: 54, right: 14, top: 12, bottom: 28 },
    tooltip: { trigger: "axis", showContent: false, axisPointer: { lineStyle: { color: text } } },
    xAxis: {
      type: xScale === "log" ? "log" : "value",
      ...xScale === "log" && extent[0] <= 0 ? {} : { min: extent[0], max: extent[1] },
      axisLabel: { ...label, formatter: (value: number) => placeText(x, value, true) },
      axisLine: { onZero: false, lineStyle: { color: grid } },
      ...{ axisTick: { show: false }, splitLine: { show: false }, splitNumber: 5 },
    },
    yAxis: {
      ...{ type: y === "log" ? "log" : "value", scale: true, splitNumber: 4 },
      axisLabel: { ...label, formatter: (value: number) => short(value) },
      ...{
        axisLine: { show: false },
        axisTick: { show: false },
        splitLine: { lineStyle: { color: grid } },
      },
    },
    series: shown.map(seriesOf),
  };
}

/** Lengths of what is drawn and left out, as ECharts takes them. */
const DASHES: Record<Dash, "solid" | "dashed" | "dotted" | number[]> = {
  ...{ solid: "solid", dashed: "dashed", dotted: "dotted" } as const,
  ...{ dashdot: [10, 4, 2, 4], long: [14, 3] },
};

function seriesOf({ label, kind, colour, dash, isFaint, points }: Line) {
  return {
    ...{ type: "line", silent: true, emphasis: { disabled: true }, data: points } as const,
    name: kind === undefined ? label : `${label} ${kind}`,
    ...{ showSymbol: points.length <= 40 && !isFaint, symbol: "circle", symbolSize: 5 },
    itemStyle: { color: colour },
    lineStyle: {
      ...{ color: colour, type: DASHES[dash ?? "solid"] },
      ...{ width: isFaint ? 1 : 1.8, opacity: isFaint ? 0.28 : 1 },
    },
    z: isFaint ? 1 : 2,
  };
}

/** The same with a title and legend, for a file. */
export function pictureOption(spec: ChartSpec): echarts.EChartsOption {
  const option = chartOption(spec);
  const color = styleColour("--text");
  const names = spec.lines.filter(({ isFaint }) => !isFaint)
    .map(({ label, kind }) => kind === undefined ? label : `${label} ${kind}`);
  return {
    ...option,
    title: { text: `${spec.title}, ${spec.unit}`, left: 20, top: 14, textStyle: { color } },
    legend: {
      ...{ type: "scroll", left: 20, right: 20, top: 44, data: [...new Set(names)].slice(0, 40) },
      textStyle: { color },
    },
    grid: { left: 70, right: 30, top: 90, bottom: 56 },
    xAxis: { ...option.xAxis, name: spec.x, nameLocation: "middle", nameGap: 32 },
  } as echarts.EChartsOption;
}

/** A place on an axis, for people. */
export function placeText(x: ChartSpec["x"], value: number, isShort = false): string {
  if (x === "seconds") return duration(value);
  if (isShort) return short(value);
  return `${x} ${whole(value)}`;
}
