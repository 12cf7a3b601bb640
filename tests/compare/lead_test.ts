import { assertAlmostEquals, assertEquals, assertStringIncludes } from "@std/assert";
import { agdWith } from "../../src/compare/contender.ts";
import { leadOf } from "../../src/compare/lead.ts";
import { leadChart } from "../../src/compare/lead_chart.ts";
import { report } from "../../src/compare/report.ts";
import { summarise } from "../../src/compare/summary.ts";
import { adamw, recordOf } from "./helpers.ts";

/** Losses of 32 evaluations. */
const losses = (loss: (point: number) => number) =>
  Array.from({ length: 32 }, (_, i) => loss(i + 1));

Deno.test("AGD's lead is told of at lengths that double, over the best learning rate at each", () => {
  const cells = summarise([
    recordOf(agdWith(), losses(() => 2)),
    recordOf(adamw(0.01), losses((point) => 2 + 1 / point)),
    recordOf(adamw(0.003), losses((point) => point < 32 ? 3 : 1.5)),
    recordOf({ ...adamw(0.01), decay: "linear" }, losses(() => 1.75).slice(0, 8)),
  ]);
  const { tokens, optimizers } = leadOf(cells[0])!;
  assertEquals(tokens, [100, 200, 400, 800, 1600, 3200]);
  const ahead = new Map(optimizers.map(({ name, ahead }) => [name, ahead]));
  assertEquals([...ahead.keys()].sort(), ["AdamW", "AdamW, linear to 0", "the best of all"]);
  assertEquals(optimizers.at(-1)!.name, "the best of all");
  for (const [i, lead] of [1, 1 / 2, 1 / 4, 1 / 8, 1 / 16, -0.5].entries()) {
    assertAlmostEquals(ahead.get("AdamW")![i]!, lead);
    assertAlmostEquals(ahead.get("the best of all")![i]!, i < 4 ? -0.25 : lead);
  }
  // a run that ends early has no lead at later lengths
  assertEquals(ahead.get("AdamW, linear to 0"), [-0.25, -0.25, -0.25, -0.25, undefined, undefined]);
  assertStringIncludes(report(cells), "\n| optimiser          |     100 |     200 |");
  assertStringIncludes(report(cells), "| AdamW              | +1.0000 | +0.5000 |");
});

Deno.test("after as few evaluations as show a lead no length is told of twice", () => {
  const [cell] = summarise([
    recordOf(agdWith(), losses(() => 2).slice(0, 16)),
    recordOf(adamw(0.01), losses(() => 3).slice(0, 16)),
  ]);
  assertEquals(leadOf(cell)!.tokens, [100, 200, 400, 800, 1600]);
});

Deno.test("few evaluations, times and AGD alone show no lead against length", () => {
  const few = summarise([recordOf(agdWith(), [3, 2]), recordOf(adamw(0.01), [3, 2])]);
  const alone = summarise([recordOf(agdWith(), losses(() => 2))]);
  const cell = { cell: { seconds: 9 } };
  const timed = summarise([
    recordOf(agdWith(), losses(() => 2), cell),
    recordOf(adamw(0.01), losses(() => 2), cell),
  ]);
  assertEquals([...few, ...alone, ...timed].map(leadOf), [undefined, undefined, undefined]);
});

Deno.test("the chart of leads has a line through runs of several lengths, and one along each", () => {
  const run = (steps: number, ahead: number, width = 16) => {
    const cell = { steps, width };
    return [
      recordOf(agdWith(), losses(() => 2), { cell }),
      recordOf(adamw(0.01), losses((point) => 2 + ahead * 32 / point), { cell }),
    ];
  };
  const svg = leadChart(
    summarise([...run(100, 0.5), ...run(1000, 0.25), ...run(100, 1, 8)]),
  )!;
  const lines = (dashed: boolean) =>
    [...svg.matchAll(/<path [^>]*stroke-linejoin="bevel"[^>]*>/g)]
      .filter(([path]) => path.includes("stroke-dasharray") === dashed).length;
  assertEquals([lines(false), lines(true)], [2, 3]);
  assertStringIncludes(svg, ">width 8, layers 1, context 16, batch 2</text>");
  assertStringIncludes(svg, " lead over the best of all (nats per token)</text>");
  assertEquals(leadChart(summarise([recordOf(agdWith(), [2])])), undefined);
});
