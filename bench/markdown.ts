import { type Report, slug } from "./report.ts";
import { markdownTable } from "./result.ts";

/** What the tables are called, those that are folded. */
const FOLDED: Record<string, string> = {
  data: "From files to batches",
  kernels: "Each operation",
  phases: "The parts of a training step",
  sample: "Generating text",
  scaling: "Time per token",
  "scaling-out": "Steps of several processes",
};

/**
 * A report as Markdown: tables, of which only that of `steps` is unfolded, and the chart.
 *
 * @param only The benchmarks to show.
 * @param directory Where the chart is, seen from where the Markdown is.
 */
export function reportMarkdown(
  report: Report,
  only: readonly string[],
  directory = "bench/results",
): string {
  const { adapter, processors, deno, tick, date, results } = report;
  const clock = tick === undefined ? "" : `timestamps of ${tick.toPrecision(4)} ns, `;
  // One driver's name may stand for processors of very different speed.
  const peak = results.kernels?.find(({ name }) => name === "multiply-adds alone")?.["GFLOP/s"];
  const speed = typeof peak === "number" ? `, at most ${peak.toFixed(0)} GFLOP/s` : "";
  const parts = [`On ${adapter}, ${clock}${processors} processors, Deno ${deno}, ${date}${speed}:`];
  if (results.steps && only.includes("steps")) parts.push(markdownTable(results.steps));
  if (results.scaling && only.includes("scaling")) {
    parts.push(`![Time per token](${directory}/${slug(adapter)}.svg)`);
  }
  for (const name of only) {
    if (!results[name] || !(name in FOLDED)) continue;
    parts.push(
      `<details><summary>${FOLDED[name]} (<code>${name}</code>)</summary>`,
      markdownTable(results[name]),
      "</details>",
    );
  }
  return parts.join("\n\n");
}
