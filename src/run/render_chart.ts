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
