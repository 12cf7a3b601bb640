import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { lossChart, type LossChartOptions, type LossPoint } from "../../src/run/chart.ts";

const OPTIONS: LossChartOptions = { title: "tiny & <small>", subtitle: "AGD, 300 steps" };
const TRAINING = "#1b66ab";
const RAW = "#a9c9e6";
const VALIDATION = "#d9480f";

/** `steps` losses falling from 10 to 2, with a validation loss every `every`. */
function falling(steps: number, every: number): LossPoint[] {
  return Array.from({ length: steps }, (_, i) => {
    const loss = 2 + 8 * Math.exp(-5 * i / steps) + 0.1 * Math.sin(i);
    return { step: i + 1, loss, val_loss: i % every === 0 ? loss + 0.1 : null };
  });
}

const TAG = /<(\/?)([a-zA-Z]+)(?:\s+[\w:-]+="(?:[^"<&]|&\w+;)*")*\s*(\/?)>/g;

/** Throws unless `svg` is well-formed as far as its tags go. */
function checkSvg(svg: string) {
  assert(svg.startsWith("<svg ") && svg.includes('xmlns="http://www.w3.org/2000/svg"'));
  const open: string[] = [];
  const text = svg.replaceAll(TAG, (_, close: string, name: string, empty: string) => {
    if (close) assertEquals(open.pop(), name);
    else if (!empty) open.push(name);
    return "";
  });
  assertEquals(open, []);
  const outside = text.replaceAll(/<!\[CDATA\[[^]*?\]\]>/g, "");
  assert(/^(?:[^<>&]|&\w+;)*$/.test(outside), outside);
}

/** The line drawn in a colour, as points in pixels. */
function points(svg: string, color: string): [number, number][] {
  const paths = [...svg.matchAll(/<path d="([^"]*)" fill="none" [^>]*stroke="([^"]*)"/g)];
  const path = paths.find(([, , stroke]) => stroke === color)?.[1] ?? "";
  return [...path.matchAll(/[ML](\S+) ([^ML]+)/g)].map(([, x, y]) => [Number(x), Number(y)]);
}

/** Dots drawn in a colour, the legend's left out. */
function dots(svg: string, color: string): number {
  return svg.split("<path ").filter((path) =>
    path.includes(`fill="${color}"`) && path.includes('ecmeta_ssr_type="chart"')
  ).length;
}

Deno.test("lossChart draws both losses", () => {
  const svg = lossChart(falling(50, 10), OPTIONS);
  checkSvg(svg);
  const texts = ["tiny &amp; &lt;small&gt;", "AGD, 300 steps", "step", "loss (nats per token)"];
  for (const text of [...texts, "training", "validation"]) {
    assert(svg.includes(`>${text}</text>`), text);
  }
  const training = points(svg, TRAINING);
  assertEquals(training.length, 50);
  assertLess(training[0][1], training[49][1]); // falls: y points down
  const validation = points(svg, VALIDATION);
  assertEquals(validation.map(([x]) => x), [0, 10, 20, 30, 40].map((i) => training[i][0]));
  assertEquals(dots(svg, VALIDATION), 5);
  assertEquals(points(svg, RAW), []);
});

Deno.test("many training losses are drawn thin, their median over them", () => {
  const history = falling(300, 100);
  history[150].loss += 1000; // a spike that neither the median nor the axis follows
  const svg = lossChart(history, OPTIONS);
  checkSvg(svg);
  assertGreater(points(svg, RAW).length, 200);
  const median = points(svg, TRAINING).map(([, y]) => y);
  assertGreater(median.length, 200);
  assertLess(Math.max(...median.slice(1).map((y, i) => Math.abs(y - median[i]))), 15);
  assertGreater(Math.max(...median) - Math.min(...median), 150);
});

Deno.test("lossChart of one point, or none", () => {
  const one = lossChart([{ step: 1, loss: 10 }], { title: "one" });
  checkSvg(one);
  assertEquals(dots(one, TRAINING), 1);
  assertEquals(one.includes(">validation<"), false);
  checkSvg(lossChart([], OPTIONS));
  checkSvg(lossChart([{ step: 1, loss: NaN }], OPTIONS));
});

Deno.test("losses that are not finite are left out", () => {
  const history = falling(50, 10);
  history[7].loss = NaN;
  history[8].loss = Infinity;
  history[10].val_loss = NaN;
  history[20].val_loss = undefined;
  const svg = lossChart(history, OPTIONS);
  checkSvg(svg);
  assertEquals(/NaN|Infinity/.test(svg), false);
  assertEquals(points(svg, TRAINING).length, 48);
  assertEquals(points(svg, VALIDATION).length, 3);
});

Deno.test("a flat loss, and one of 0, have an axis", () => {
  for (const loss of [0, 3]) {
    const svg = lossChart([1, 2, 3].map((step) => ({ step, loss })), OPTIONS);
    checkSvg(svg);
    assertEquals(svg.includes("NaN"), false);
    assertEquals(points(svg, TRAINING).length, 3);
  }
});

Deno.test("10,000 steps are thinned", () => {
  const svg = lossChart(falling(10_000, 100), OPTIONS);
  checkSvg(svg);
  assertLess(svg.length, 60_000);
  assertGreater(points(svg, TRAINING).length, 300);
});

Deno.test("the step size is drawn below, on an axis of its own, and all is read at half the size", () => {
  const history = falling(300, 100).map((point, i) => ({ ...point, eta: 0.5 + 0.4 / (i + 1) }));
  const svg = lossChart(history, OPTIONS);
  checkSvg(svg);
  assert(svg.includes(">step size</text>"));
  const eta = points(svg, "#2b8a3e").map(([, y]) => y);
  const losses = points(svg, TRAINING).map(([, y]) => y);
  assertGreater(eta.length, 200);
  assertGreater(Math.min(...eta), Math.max(...losses));
  const [, width] = svg.match(/viewBox="0 0 (\d+) \d+"/)!;
  for (const [, size] of svg.matchAll(/font-size:([\d.]+)px/g)) {
    assertGreater(Number(size) * 400 / Number(width), 9);
  }
});
