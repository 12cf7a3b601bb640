import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { scalingChart } from "../../bench/chart.ts";

function results(dimension: string, values: number[]) {
  return values.map((value) => ({
    ...{ name: `${dimension} ${value}`, "µs a token": value, "times predicted": 2 },
  }));
}

Deno.test("scalingChart: a panel for each dimension, measured and predicted", () => {
  const svg = scalingChart(
    [
      ...results("width", [10, 100]),
      { name: "width 1000", skipped: "too large" },
      ...results("batch", [7, 70, 700]),
    ],
    "an <adapter>",
  );
  for (
    const text of ["width", "batch", "measured", "predicted", "10", "700", "an &lt;adapter&gt;"]
  ) {
    assertStringIncludes(svg, `>${text}</text>`);
  }
  assert(!svg.includes(">1000</text>") && !/NaN|Infinity/.test(svg));
  const lines = [...svg.matchAll(/<path d="M([^"]*)" fill="none" [^>]*stroke="(#\w+)"/g)];
  const points = (color: string) =>
    lines.filter(([, , stroke]) => stroke === color).map(([, path]) => path.split("L").length);
  assertEquals(points("#1b66ab").filter((count) => count > 1).sort(), [2, 3]);
});
