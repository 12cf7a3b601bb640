import { assertEquals } from "@std/assert";
import { type Axes, cellsOf, describeLength, type Length } from "../../src/compare/cell.ts";
import { COMPARE_PRESETS, type ComparePreset } from "../../src/compare/presets.ts";
import { checkConfig } from "../../src/model/config.ts";

const AXES: Axes = {
  ...{ data: ["a", "b"], vocabulary: ["compact"], layers: [2], heads: [2], width: [64, 128] },
  ...{ context: [64], batch: [16, 4, 24], bias: [true], affine: [true, false] },
};

Deno.test("a product of axes has all combinations, for each corpus in turn", () => {
  const cells = cellsOf(AXES, "product", { steps: 7 });
  assertEquals(cells.length, 2 * 2 * 3 * 2);
  assertEquals(new Set(cells.map((cell) => JSON.stringify(cell))).size, cells.length);
  assertEquals(cells[0], {
    ...{ data: "a", vocabulary: "compact", layers: 2, heads: 2, width: 64, context: 64 },
    ...{ batch: 16, bias: true, affine: true, steps: 7 },
  });
  assertEquals(cells.map(({ data }) => data), Array(12).fill("a").concat(Array(12).fill("b")));
});

Deno.test("a star of axes has the base, and cells that differ in one property", () => {
  const cells = cellsOf(AXES, "star", { tokens: 10_000 });
  assertEquals(
    cells.filter(({ data }) => data === "b").map(({ width, batch, affine, steps }) => {
      return [width, batch, affine, steps];
    }),
    [
      [64, 16, true, 10], // 9.8 steps of 1,024 tokens
      [128, 16, true, 10],
      [64, 4, true, 40],
      [64, 24, true, 7],
      [64, 16, false, 10],
    ],
  );
  assertEquals(cells.length, 10);
});

Deno.test("a time is the length of all cells, alone or with steps or tokens", () => {
  const lengths = (length: Length) => {
    const [cell] = cellsOf(AXES, "star", length);
    return [cell.steps, cell.seconds, describeLength(cell)];
  };
  assertEquals(lengths({ seconds: 90 }), [undefined, 90, "90 s"]);
  assertEquals(lengths({ seconds: 9000, steps: 1024 }), [1024, 9000, "1,024 steps or 9,000 s"]);
  assertEquals(lengths({ seconds: 90, tokens: 10_000 }), [10, 90, "10 steps or 90 s"]);
  assertEquals(lengths({ steps: 7 }), [7, undefined, "7 steps"]);
});

Deno.test("the presets describe models, and runs that are told apart", () => {
  for (const preset of Object.values<ComparePreset>(COMPARE_PRESETS)) {
    const cells = cellsOf(preset.axes, preset.sweep, preset);
    for (const cell of cells) checkConfig({ ...cell, vocabularySize: 1 });
    for (const list of [cells, preset.contenders]) {
      assertEquals(new Set(list.map((item) => JSON.stringify(item))).size, list.length);
    }
  }
});
