import { assert, assertEquals, assertMatch } from "@std/assert";
import { slimSvg } from "../../bench/slim_svg.ts";
import { compareChart } from "../../src/compare/chart.ts";
import { agdWith } from "../../src/compare/contender.ts";
import { summarise } from "../../src/compare/summary.ts";
import { adamw, recordOf } from "../compare/helpers.ts";

function chart(): string {
  const rates = [0.001, 0.003, 0.01].map((rate, i) => recordOf(adamw(rate), [8, 5 + i]));
  return compareChart(summarise([
    ...rates,
    recordOf(agdWith(), [6, 3]),
    recordOf(agdWith(), [9, 8], { cell: { width: 8 } }),
  ]));
}

/** What all paths say together, and the texts. */
function contentOf(svg: string) {
  const [body] = svg.split("<defs");
  const drawn = [...body.matchAll(/<path [^>]*>/g)].map(([path]) => path)
    .filter((path) => / stroke="(?!none)/.test(path) && !/stroke-width="0"/.test(path));
  return {
    lines: drawn.map((path) => path.match(/ d="([^"]*)"/)![1]).join(""),
    texts: [...svg.matchAll(/>([^<]+)<\/text>/g)].map(([, text]) => text),
  };
}

Deno.test("slimSvg: the same lines and texts, in less", () => {
  const svg = chart();
  const slim = slimSvg(svg);
  assertEquals(contentOf(slim), contentOf(svg));
  assert(slim.length < svg.length / 2, `${slim.length} of ${svg.length}`);
  assert(!/ecmeta|class=|zr\d/.test(slim));
  assertEquals(slimSvg(chart()), slim); // whatever was drawn before
});

Deno.test("slimSvg: what looks the same is put together, texts are where they were", () => {
  const slim = slimSvg([
    '<svg width="20" height="10" xmlns="http://www.w3.org/2000/svg">',
    '<path d="M0 0L1 1" fill="none" stroke="#111111" class="zr3-cls-0"></path>',
    '<path d="M2 2L3 3" fill="none" stroke="#111111" class="zr3-cls-0"></path>',
    '<path d="M4 4L5 5" fill="none" pointer-events="visible"></path>',
    '<g clip-path="url(#zr3-c0)">',
    '<path d="M6 6L7 7" fill="none" stroke="#111111"></path>',
    "</g>",
    '<text style="font-size:12px;" x="1" y="6" transform="translate(2 3.04)" fill="#222222">one</text>',
    '<text style="font-size:12px;" transform="translate(4 5)" fill="#222222">two</text>',
    "<defs >",
    '<clipPath id="zr3-c0">',
    '<path d="M0 0l9 9Z" fill="#000"></path>',
    "</clipPath>",
    "</defs>",
    "</svg>",
  ].join("\n"));
  assertMatch(slim, /<clipPath id="c0"><path d="M0 0l9 9Z"\/><\/clipPath>\n<path /);
  assertEquals(slim.split("\n").slice(3, -2), [
    '<path fill="none" stroke="#111111" d="M0 0L1 1M2 2L3 3"/>',
    '<path fill="none" stroke="#111111" clip-path="url(#c0)" d="M6 6L7 7"/>',
    '<g fill="#222222" font-size="12px"><text x="3" y="9">one</text><text x="4" y="5">two</text></g>',
  ]);
});
