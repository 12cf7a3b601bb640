/// <reference lib="dom" />
import type { View } from "./address.ts";
import { ChartPanel } from "./chart.ts";
import type { Line, Point } from "./points.ts";
import { choice, el, table } from "./dom.ts";
import { measure, short, whole } from "./format.ts";
import type { Store } from "./store.ts";
import { colour } from "./theme.ts";

/** What is read of compare.json, which is anybody's: nothing of it need be there. */
interface Comparison {
  cells?: Cell[];
}

interface Cell {
  cell?: Record<string, unknown>;
  parameters?: number;
  agd?: string;
  best_adamw?: string;
  rows?: Row[];
}

interface Row {
  name?: string;
  final?: Spread;
  lowest?: Spread;
  minus_agd?: Spread;
  tokens_per_second?: number;
  runs?: { curve?: { tokens?: number; val_loss?: number }[] }[];
}

interface Spread {
  mean?: number | null;
  deviation?: number;
}

/** What `compare` left in a directory: cells, with their tables and curves. */
export class Comparisons {
  readonly element = el("div");
  readonly #store: Store;
  readonly #change: (change: Partial<View>) => void;
  #shown: string | undefined;
  #panels: ChartPanel[] = [];

  constructor(store: Store, change: (change: Partial<View>) => void) {
    this.#store = store;
    this.#change = change;
  }

  /** Shows the comparison that the view names, or the first; one that is shown stays as it is. */
  async update(view: View): Promise<void> {
    const all = this.#store.contents?.comparisons ?? [];
    const id = all.find(({ id }) => id === view.comparison)?.id ?? all[0]?.id;
    const key = JSON.stringify([id, all, view.y, document.documentElement.dataset.theme]);
    if (key === this.#shown) return;
    this.#shown = key;
    if (id === undefined) {
      const why = "No comparison: the task compare leaves one in a directory.";
      this.element.replaceChildren(el("p", { class: "empty" }, why));
      return;
    }
    const found = await read(id);
    if (key !== this.#shown) return; // another was chosen since
    const cells = listOf(found.cells);
    const names = Object.fromEntries(all.map(({ id, name }) => [id, name]));
    for (const panel of this.#panels) panel.dispose();
    this.#panels = [];
    const scales = { linear: "linear", log: "logarithmic" };
    this.element.replaceChildren(
      el(
        "div",
        { class: "controls" },
        choice("Comparison", names, id, (comparison) => this.#change({ comparison })),
        choice("Vertical", scales, view.y, (y) => this.#change({ y })),
      ),
      ...cells.map((cell) => this.#cell(cell, view)),
      ...cells.length === 0 ? [el("p", { class: "empty" }, "Its compare.json has no cell.")] : [],
    );
  }

  #cell(cell: Cell, view: View): HTMLElement {
    const rows = listOf(cell.rows);
    const panel = new ChartPanel({
      onZoom: (zoom) => panel.update({ ...spec, zoom }),
      onPoint: (x) => panel.showAt(x),
    }, { wide: true });
    const spec = {
      ...{
        title: "Validation loss",
        unit: "nats per token",
        x: "tokens",
        xScale: "linear",
      } as const,
      ...{ y: view.y, lines: rows.map(lineOf) },
    };
    panel.update(spec);
    this.#panels.push(panel);
    return el(
      "section",
      { class: "card" },
      el("h2", {}, cellText(cell)),
      rowsTable(rows),
      panel.element,
    );
  }
}

async function read(id: string): Promise<Comparison> {
  const response = await fetch(`comparison?id=${encodeURIComponent(id)}`);
  return response.ok ? await response.json() : {};
}

function rowsTable(rows: readonly Row[]): HTMLElement {
  const heads = ["optimiser", "final loss", "lowest", "less AGD's", "tokens/s", "runs"];
  const body = rows.map((row) => [
    String(row.name ?? "–"),
    ...[spread(row.final), spread(row.lowest), spread(row.minus_agd)],
    ...[short(Number(row.tokens_per_second ?? NaN)), whole(listOf(row.runs).length)],
  ]);
  return table(heads, body, { caption: "Optimisers", numeric: heads.slice(1) });
}

/** The mean over the seeds, as far as all of them go. */
function lineOf(row: Row, i: number): Line {
  const curves = listOf(row.runs).map(({ curve }) => listOf(curve));
  const length = curves.length === 0 ? 0 : Math.min(...curves.map((curve) => curve.length));
  const points = Array.from({ length }, (_, at): Point => {
    const losses = curves.map((curve) => Number(curve[at].val_loss));
    return [Number(curves[0][at].tokens), losses.reduce((a, b) => a + b, 0) / losses.length];
  });
  return {
    label: String(row.name ?? "–"),
    colour: colour(i),
    dash: i < 8 ? "solid" : "dashed",
    points: points.filter((point) => point.every(Number.isFinite)),
  };
}

function cellText({ cell, parameters }: Cell): string {
  const names = ["data", "layers", "heads", "width", "context", "batch", "steps"];
  const parts = names.filter((name) => cell?.[name] !== undefined)
    .map((name) => `${name} ${String(cell![name])}`);
  const size = typeof parameters === "number" ? [`${whole(parameters)} parameters`] : [];
  return [...parts, ...size].join(", ");
}

function spread(value: Spread | undefined): string {
  const mean = measure(value?.mean ?? undefined);
  return value?.deviation === undefined ? mean : `${mean} ± ${measure(value.deviation, 3)}`;
}

function listOf<Item>(value: Item[] | undefined): Item[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "object" && item) : [];
}
