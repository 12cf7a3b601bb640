import { type EChartsOption, init } from "echarts";

/** The colour of text in charts. */
export const TEXT = "#333333";

/**
 * Draws a chart on white, without animation.
 *
 * @param size Pixels.
 * @returns The text of an SVG file.
 */
export function renderChart(
  size: { width: number; height: number },
  option: EChartsOption,
): string {
  const chart = init(null, null, { renderer: "svg", ssr: true, ...size });
  try {
    chart.setOption({
      animation: false,
      backgroundColor: "#ffffff",
      textStyle: { fontFamily: "sans-serif", color: TEXT },
      ...option,
    });
    return chart.renderToSVGString();
  } finally {
    chart.dispose(); // or its timers keep the process alive
  }
}

/**
 * An axis of numbers with its name along it.
 *
 * @param nameGap Pixels between the axis and its name.
 * @param fontSize Of the name; labels are a pixel smaller, and left out where they would overlap.
 */
export function axis(name: string, nameGap: number, fontSize: number) {
  return {
    ...{ type: "value", name, nameGap, nameLocation: "middle" } as const,
    nameTextStyle: { fontSize, color: TEXT },
    axisLabel: { fontSize: fontSize - 1, color: TEXT, hideOverlap: true },
    axisLine: { show: true, onZero: false, lineStyle: { color: "#888888" } },
    splitLine: { lineStyle: { color: "#e6e6e6" } },
  };
}
