/// <reference lib="dom" />
import type { View } from "./address.ts";
import { ChartPanel } from "./chart.ts";
import type { ChartSpec } from "./chart_option.ts";
import { rawPoints, smoothed } from "./buckets.ts";
import { FinerParts } from "./finer.ts";
import { type Dash, extentOf, type Line } from "./points.ts";
import { choice, el } from "./dom.ts";
import type { RunFields, Store } from "./store.ts";
import { colour } from "./theme.ts";

/** A chart of one or several fields of metrics.jsonl. */
interface Plot {
  title: string;
  unit: string;
  /** Fields, and what each is called where there are several. */
  fields: Record<string, string>;
  /** Whether a mean is drawn over what was measured. */
  isSmoothed?: boolean;
  isWhole?: boolean;
  wide?: boolean;
}

const PLOTS: readonly Plot[] = [
  {
    title: "Training loss",
    unit: "nats per token",
    fields: { loss: "" },
    isSmoothed: true,
    wide: true,
  },
  { title: "Validation loss", unit: "nats per token", fields: { val_loss: "" } },
  { title: "Step size", unit: "eta of AGD", fields: { eta: "" }, isSmoothed: true },
  {
    title: "Gradient summary",
    unit: "G of AGD",
    fields: { gradient_summary: "" },
    isSmoothed: true,
  },
  { title: "Learning rate", unit: "AdamW and SGD", fields: { learning_rate: "" } },
  {
    title: "Throughput",
    unit: "tokens per second",
    fields: { tokens_per_second: "" },
    isSmoothed: true,
  },
  {
    ...{ title: "Waiting", unit: "milliseconds a step", isSmoothed: true },
    fields: { data_wait_ms: "for data", host_ms: "host", reduce_wait_ms: "for others' sums" },
  },
  {
    ...{ title: "Loss scale", unit: "of gradients in 16 bits", isWhole: true },
    fields: { loss_scale: "" },
  },
  { title: "Skipped steps", unit: "in all", isWhole: true, fields: { skipped: "" } },
];

const NORMS = { gradient: "Gradient norms", update: "Update norms", weight: "Weight norms" };

const DASHES: readonly Dash[] = ["solid", "dashed", "dotted", "dashdot", "long"];

/** The view of curves: controls, and a chart for each thing that any of the runs has measured. */
export class Curves {
  readonly element: HTMLElement;
  readonly #controls = el("div", { class: "controls" });
  readonly #grid = el("div", { class: "charts" });
  readonly #panels = new Map<string, ChartPanel>();
  readonly #store: Store;
  readonly #finer: FinerParts;
  readonly #change: (change: Partial<View>) => void;
  #shown: [view: View, ids: readonly string[]] | undefined;

  constructor(store: Store, change: (change: Partial<View>) => void) {
    this.#store = store;
    this.#finer = new FinerParts(store, () => this.#shown && this.update(...this.#shown));
    this.#change = change;
    this.element = el("div", {}, this.#controls, this.#grid);
  }

  /** Draws the curves of these runs. */
  update(view: View, ids: readonly string[]): void {
    this.#shown = [view, ids];
    const fields = new Map(ids.map((id) => [id, this.#finer.fields(id, view)]));
    const plots = [...PLOTS, ...this.#normPlots(ids)];
    const lines = plots.map((plot) =>
      ids.flatMap((id) => this.#lines(plot, view, id, fields.get(id)!))
    );
    const extent = extentOf(lines.flat()); // of all charts, so that places are below each other
    for (const [i, plot] of plots.entries()) this.#draw(plot, view, lines[i], extent);
  }

  /** Makes the controls anew: they are as the view says. */
  setControls(view: View): void {
    const slider = el("input", {
      ...{ type: "range", min: 0, max: 0.99, step: 0.01, value: view.smooth },
      oninput: (event) => {
        const smooth = Number((event.target as HTMLInputElement).value);
        output.textContent = smooth.toFixed(2);
        this.#change({ smooth });
      },
    });
    const output = el("output", {}, view.smooth.toFixed(2));
    const scales = { linear: "linear", log: "logarithmic" };
    this.#controls.replaceChildren(
      choice(
        "Over",
        { step: "steps", tokens: "tokens", seconds: "time" },
        view.x,
        (x) => this.#change({ x, zoom: undefined }),
      ),
      choice("Horizontal", scales, view.xScale, (xScale) => this.#change({ xScale })),
      choice("Vertical", scales, view.y, (y) => this.#change({ y })),
      el("label", {}, "Smoothing", slider, output),
      el("button", {
        ...{ type: "button", id: "all", hidden: view.zoom === undefined },
        onclick: () => this.#change({ zoom: undefined }),
      }, "Show all"),
    );
  }

  #normPlots(ids: readonly string[]): Plot[] {
    const names = new Set(ids.flatMap((id) => [...this.#store.fields(id).keys()]));
    return Object.entries(NORMS).map(([kind, title]) => {
      const prefix = `norm/${kind}/`;
      const fields = [...names].filter((name) => name.startsWith(prefix)).sort();
      const labels = fields.map((name) => [name, name.slice(prefix.length)]);
      return { title, unit: "by group of parameters", fields: Object.fromEntries(labels) };
    });
  }

  #lines({ fields, isSmoothed }: Plot, view: View, id: string, known: RunFields): Line[] {
    const own = { label: this.#store.run(id)?.name ?? "", colour: colour(this.#store.number(id)) };
    return Object.entries(fields).flatMap(([name, kind], i) => {
      const buckets = known.get(name);
      if (!buckets || buckets.length === 0) return [];
      const line = {
        ...own,
        kind: kind === "" ? undefined : kind,
        dash: DASHES[i % DASHES.length],
      };
      const raw = { ...line, points: rawPoints(buckets, view.x) };
      if (!isSmoothed || view.smooth === 0 || buckets.length < 3) return [raw];
      return [{ ...raw, isFaint: true }, { ...line, points: smoothed(buckets, view) }];
    });
  }

  #draw(plot: Plot, view: View, lines: Line[], extent: ChartSpec["extent"]): void {
    let panel = this.#panels.get(plot.title);
    if (lines.every(({ points }) => points.length === 0)) {
      panel?.dispose();
      this.#panels.delete(plot.title);
      return;
    }
    if (!panel) {
      panel = new ChartPanel({
        onZoom: (zoom) => this.#change({ zoom }),
        onPoint: (x) => this.#panels.forEach((other) => other.showAt(x)),
      }, plot);
      this.#panels.set(plot.title, panel);
      this.#place(panel, plot);
    }
    const { x, xScale, y, zoom } = view;
    const { title, isWhole } = plot;
    const unit = lines.some(({ isFaint }) => isFaint) ? `${plot.unit}, smoothed` : plot.unit;
    panel.update({ title, unit, isWhole, x, xScale, y, zoom, extent, lines });
  }

  /** Puts a new chart where it belongs among the others. */
  #place(panel: ChartPanel, plot: Plot): void {
    const order = [...PLOTS.map(({ title }) => title), ...Object.values(NORMS)];
    const after = order.slice(order.indexOf(plot.title) + 1);
    const next = after.map((title) => this.#panels.get(title)?.element).find((found) => found);
    this.#grid.insertBefore(panel.element, next ?? null);
  }
}
