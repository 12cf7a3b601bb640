import { stripTypeScriptTypes } from "node:module";
import echarts from "echarts/dist/echarts.esm.min.js" with { type: "text" };
import html from "./page/index.html" with { type: "text" };
import icon from "./page/icon.svg" with { type: "text" };
import css from "./page/style.css" with { type: "text" };
import address from "./page/address.ts" with { type: "text" };
import buckets from "./page/buckets.ts" with { type: "text" };
import chart from "./page/chart.ts" with { type: "text" };
import chart_option from "./page/chart_option.ts" with { type: "text" };
import charts from "./page/charts.ts" with { type: "text" };
import comparison from "./page/comparison.ts" with { type: "text" };
import csv from "./page/csv.ts" with { type: "text" };
import dom from "./page/dom.ts" with { type: "text" };
import finer from "./page/finer.ts" with { type: "text" };
import format from "./page/format.ts" with { type: "text" };
import main from "./page/main.ts" with { type: "text" };
import model from "./page/model.ts" with { type: "text" };
import points from "./page/points.ts" with { type: "text" };
import run_list from "./page/run_list.ts" with { type: "text" };
import runs from "./page/runs.ts" with { type: "text" };
import samples from "./page/samples.ts" with { type: "text" };
import store from "./page/store.ts" with { type: "text" };
import theme from "./page/theme.ts" with { type: "text" };

/** A file of the page. */
export interface Asset {
  type: string;
  body: string;
}

const MODULES = {
  ...{
    address,
    buckets,
    chart,
    chart_option,
    charts,
    comparison,
    csv,
    dom,
    finer,
    format,
    main,
    model,
  },
  ...{ points, run_list, runs, samples, store, theme },
};

/** The page's files by their paths: a browser takes its modules as they are, without types. */
export const ASSETS: ReadonlyMap<string, Asset> = new Map([
  ["", { type: "text/html; charset=utf-8", body: html }],
  ["style.css", { type: "text/css; charset=utf-8", body: css }],
  ["icon.svg", { type: "image/svg+xml", body: icon }],
  ["echarts.js", script(echarts)],
  ...Object.entries(MODULES).map(([name, source]) => {
    const plain = stripTypeScriptTypes(source).replace('from "echarts"', 'from "./echarts.js"');
    return [`${name}.ts`, script(plain)] as const;
  }),
]);

function script(body: string): Asset {
  return { type: "text/javascript; charset=utf-8", body };
}
