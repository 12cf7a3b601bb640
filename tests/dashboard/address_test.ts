import { assertEquals } from "@std/assert";
import { parseView, type View, viewHash } from "../../src/dashboard/page/address.ts";
import { nearest, valueAt } from "../../src/dashboard/page/points.ts";
import { toCsv } from "../../src/dashboard/page/csv.ts";

Deno.test("the address holds the whole view", () => {
  const first = parseView("");
  assertEquals(viewHash(first), "");
  const view: View = {
    ...{ tab: "samples", runs: ["0/a&b", "1/ü#"], x: "tokens", y: "log", xScale: "log" } as const,
    ...{ smooth: 0, zoom: [10, 2e6], at: [5, 10], comparison: "0/c" },
  };
  assertEquals(parseView(viewHash(view)), view);
  assertEquals(parseView(viewHash({ ...first, runs: [] })).runs, []);
  assertEquals(parseView("#tab=none&x=constructor&smooth=7&zoom=3,1&at=a,2,"), {
    ...first,
    ...{ smooth: 0.99, zoom: undefined, at: [2] },
  });
});

Deno.test("a chart's CSV is text to any reader", () => {
  const line = { colour: "", points: [[1, -2], [2, 1e-7]] as [number, number][] };
  const text = toCsv("step", "loss", [{ ...line, label: '=cmd("a"),b' }]);
  assertEquals(
    text,
    'run,curve,step,loss\r\n"\'=cmd(""a""),b",,1,-2\r\n"\'=cmd(""a""),b",,2,1e-7\r\n',
  );
});

Deno.test("the point nearest to a place is read, and the last one where there is none", () => {
  const points: [number, number][] = [[1, 10], [4, 40], [5, 50]];
  assertEquals([0, 2, 3, 4.4, 9].map((x) => nearest(points, x)![1]), [10, 10, 40, 40, 50]);
  assertEquals(nearest(points, undefined), [5, 50]);
  assertEquals(nearest([], 1), undefined);
  assertEquals([-3, -2, 0, 6, 6.1].map((x) => valueAt(points, x)), [
    undefined,
    10,
    10,
    50,
    undefined,
  ]);
  assertEquals([valueAt(points, undefined), valueAt([], 1), valueAt([[1, 2]], 9)], [
    50,
    undefined,
    2,
  ]);
});
