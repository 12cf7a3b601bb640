/// <reference lib="dom" />
import * as echarts from "echarts";
import { chartOption, type ChartSpec, pictureOption, placeText } from "./chart_option.ts";
import { toCsv } from "./csv.ts";
import { download, el, table } from "./dom.ts";
import { measure, whole } from "./format.ts";
import { extentOf, type Line, type Point, valueAt } from "./points.ts";
import { styleColour } from "./theme.ts";

/** What a chart tells of its user. */
export interface ChartEvents {
  /** Of the part to be shown; undefined for all. */
  onZoom(range: [number, number] | undefined): void;
  /** Of the place on the x axis that is pointed to; undefined when it is left. */
  onPoint(x: number | undefined): void;
}

/** Lines that are read out at most. */
const MOST_READ = 16;

/** A chart with its title, what it reads at a place, and its table. */
export class ChartPanel {
  readonly element: HTMLElement;
  readonly #canvas = el("div", { class: "canvas", role: "img" });
  readonly #table = el("div", { hidden: true });
  readonly #readout = el("div", { class: "readout" });
  readonly #heading = el("h2");
  readonly #band = el("div", { class: "band", hidden: true });
  readonly #button: HTMLButtonElement;
  readonly #chart: echarts.ECharts;
  readonly #events: ChartEvents;
  #spec!: ChartSpec;
  #at: number | undefined;

  constructor(events: ChartEvents, { wide = false } = {}) {
    this.#events = events;
    this.#button = el("button", { type: "button", onclick: () => this.#toggleTable() }, "Table");
    this.element = el(
      "figure",
      { class: wide ? "chart wide" : "chart", tabindex: 0 },
      el(
        "div",
        { class: "chart-head" },
        this.#heading,
        this.#button,
        el("button", { type: "button", onclick: () => this.#savePng() }, "PNG"),
        el("button", { type: "button", onclick: () => this.#saveCsv() }, "CSV"),
      ),
      this.#canvas,
      this.#table,
      this.#readout,
    );
    this.#chart = echarts.init(this.#canvas, null, { renderer: "canvas", width: 440, height: 232 });
    this.#canvas.append(this.#band);
    new ResizeObserver(() => this.#fit()).observe(this.#canvas);
    this.#listen();
  }

  /** Draws; where nothing has changed this is quick. */
  update(spec: ChartSpec): void {
    this.#spec = spec;
    const { title, unit, lines } = spec;
    this.#heading.replaceChildren(title, el("span", { class: "unit" }, unit));
    this.element.setAttribute("aria-label", `${title}, ${unit}`);
    const about = `${title} of ${lines.filter(({ isFaint }) => !isFaint).length} curves`;
    this.#canvas.setAttribute("aria-label", `${about}; the button Table has the numbers`);
    this.#chart.setOption(chartOption(spec), { notMerge: true });
    if (!this.#table.hidden) this.#fillTable();
    this.showAt(this.#at);
  }

  /** Reads all lines at a place, or their ends. */
  showAt(x: number | undefined): void {
    this.#at = x;
    const lines = this.#spec.lines.filter(({ isFaint }) => !isFaint);
    const items = lines.slice(0, MOST_READ).map(({ label, kind, colour, dash, points }) => {
      const mark = el("span", { class: `mark ${dash ?? ""}` });
      mark.style.color = colour;
      const name = kind === undefined ? label : `${label} ${kind}`;
      const value = textOf(valueAt(points, x), this.#spec);
      const text = el("span", { class: "label", title: name }, name);
      return el("span", { class: "item" }, mark, text, el("b", {}, value));
    });
    const place = x === undefined ? "" : placeText(this.#spec.x, x);
    const more = lines.length > MOST_READ ? `and ${lines.length - MOST_READ} more` : "";
    this.#readout.replaceChildren(place, ...items, more);
    this.#pointer(x);
  }

  /** Frees what the chart holds. */
  dispose(): void {
    this.#chart.dispose();
    this.element.remove();
  }

  #fit(): void {
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    if (width > 0 && height > 0) this.#chart.resize({ width, height });
  }

  #pointer(x: number | undefined): void {
    const place = x === undefined ? undefined : this.#chart.convertToPixel({ xAxisIndex: 0 }, x);
    if (place === undefined || !Number.isFinite(place)) {
      this.#chart.dispatchAction({ type: "updateAxisPointer", currTrigger: "leave" });
    } else {
      this.#chart.dispatchAction({ type: "updateAxisPointer", x: place, y: 60 });
    }
  }

  #listen(): void {
    let start: number | undefined;
    const canvas = this.#canvas;
    const left = (event: PointerEvent) => event.clientX - canvas.getBoundingClientRect().left;
    const valueAt = (pixel: number) => this.#chart.convertFromPixel({ xAxisIndex: 0 }, pixel);
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button === 0 && event.pointerType !== "touch") start = left(event);
    });
    canvas.addEventListener("pointermove", (event) => {
      this.#events.onPoint(valueAt(left(event)));
      if (start === undefined) return;
      canvas.setPointerCapture(event.pointerId);
      const [from, to] = [start, left(event)].sort((a, b) => a - b);
      this.#band.hidden = to - from < 5;
      this.#band.style.left = `${from}px`;
      this.#band.style.width = `${to - from}px`;
    });
    canvas.addEventListener("pointerup", (event) => {
      const range = [start ?? 0, left(event)].sort((a, b) => a - b).map(valueAt);
      if (start !== undefined && !this.#band.hidden) this.#events.onZoom([range[0], range[1]]);
      start = undefined;
      this.#band.hidden = true;
    });
    canvas.addEventListener("pointerleave", () => this.#events.onPoint(undefined));
    canvas.addEventListener("dblclick", () => this.#events.onZoom(undefined));
    this.element.addEventListener("keydown", (event) => this.#key(event));
  }

  /** Arrows read, plus and minus zoom, Escape shows all. */
  #key(event: KeyboardEvent): void {
    const extent = this.#spec.zoom ?? this.#spec.extent ?? extentOf(this.#spec.lines);
    if (!extent || event.target !== this.element) return;
    const [from, to] = extent;
    const at = this.#at ?? (from + to) / 2;
    const width = to - from;
    const zoomed = (factor: number): [number, number] => [
      Math.max(at - width * factor / 2, Math.min(from, at)),
      Math.max(at - width * factor / 2, Math.min(from, at)) + width * factor,
    ];
    const act = {
      ArrowLeft: () => this.#events.onPoint(Math.max(from, at - width / 50)),
      ArrowRight: () => this.#events.onPoint(Math.min(to, at + width / 50)),
      "+": () => this.#events.onZoom([at - width / 4, at + width / 4]),
      "-": () => this.#events.onZoom(zoomed(2)),
      Escape: () => this.#events.onZoom(undefined),
    }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }

  #toggleTable(): void {
    const isOpen = this.#table.hidden;
    this.#table.hidden = !isOpen;
    this.#canvas.hidden = isOpen;
    this.#button.setAttribute("aria-pressed", String(isOpen));
    if (isOpen) this.#fillTable();
  }

  #fillTable(): void {
    const lines = this.#linesInView().filter(({ isFaint }) => !isFaint);
    this.#table.replaceChildren(tableOf({ ...this.#spec, lines }));
  }

  #saveCsv(): void {
    const { x, title } = this.#spec;
    const text = toCsv(x, title, this.#linesInView());
    download(`${fileName(title)}.csv`, new Blob([text], { type: "text/csv" }));
  }

  #linesInView(): Line[] {
    const { lines, zoom } = this.#spec;
    if (!zoom) return lines;
    const isIn = ([x]: Point) => x >= zoom[0] && x <= zoom[1];
    return lines.map((line) => ({ ...line, points: line.points.filter(isIn) }));
  }

  #savePng(): void {
    const holder = el("div");
    const size = { width: 1200, height: 640 };
    const chart = echarts.init(holder, null, { renderer: "canvas", devicePixelRatio: 2, ...size });
    chart.setOption(pictureOption(this.#spec));
    chart.renderToCanvas({ pixelRatio: 2, backgroundColor: styleColour("--panel") })
      .toBlob((blob) => {
        if (blob) download(`${fileName(this.#spec.title)}.png`, blob);
        chart.dispose();
      });
  }
}

/** Rows of a table at most: what a reader wants of a curve. */
const ROWS = 25;

function tableOf(spec: ChartSpec): HTMLElement {
  const { x, title, lines } = spec;
  const longest = lines.reduce<Point[]>(
    (a, { points }) => points.length > a.length ? points : a,
    [],
  );
  const count = Math.min(ROWS, longest.length);
  const places = Array.from(
    { length: count },
    (_, i) => longest[Math.round(i * (longest.length - 1) / Math.max(1, count - 1))][0],
  );
  const heads = [
    x,
    ...lines.map(({ label, kind }) => kind === undefined ? label : `${label} ${kind}`),
  ];
  const rows = places.map((place) => [
    placeText(x, place),
    ...lines.map(({ points }) => textOf(valueAt(points, place), spec)),
  ]);
  return table(heads, rows, { caption: title, numeric: heads.slice(1) });
}

function textOf(value: number | undefined, { isWhole }: ChartSpec): string {
  return isWhole && value !== undefined ? whole(value) : measure(value);
}

function fileName(title: string): string {
  return title.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
}
