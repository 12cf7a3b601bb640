/// <reference lib="dom" />

/** What the page shows: all of it is in the address, which can be sent. */
export interface View {
  tab: "curves" | "samples" | "runs" | "model" | "compare";
  /** The runs that are shown; undefined for the newest ones. */
  runs?: string[];
  /** What curves are drawn over. */
  x: "step" | "tokens" | "seconds";
  /** How values and places are drawn. */
  y: "linear" | "log";
  xScale: "linear" | "log";
  /** From 0, not at all, to below 1. */
  smooth: number;
  /** The part of the x axis that is shown. */
  zoom?: [number, number];
  /** Steps whose samples are side by side. */
  at: number[];
  /** The comparison that is shown. */
  comparison?: string;
}

/** How much curves are smoothed at first. */
const SMOOTH = 0.8;

/** The view that an address's hash holds; what it does not say is as at the first visit. */
export function parseView(hash: string): View {
  const given = new URLSearchParams(hash.replace(/^#/, ""));
  const one = <Value extends string>(name: string, values: readonly [Value, ...Value[]]) =>
    values.find((value) => value === given.get(name)) ?? values[0];
  const numbers = (name: string) =>
    (given.get(name) ?? "").split(",").filter((text) => text !== "").map(Number)
      .filter(Number.isFinite);
  const [from, to] = numbers("zoom");
  return {
    tab: one("tab", ["curves", "samples", "runs", "model", "compare"]),
    runs: given.has("runs") ? given.getAll("run") : undefined,
    x: one("x", ["step", "tokens", "seconds"]),
    y: one("y", ["linear", "log"]),
    xScale: one("scale", ["linear", "log"]),
    smooth: Math.min(0.99, Math.max(0, numbers("smooth")[0] ?? SMOOTH)),
    zoom: to > from ? [from, to] : undefined,
    at: numbers("at"),
    comparison: given.get("comparison") ?? undefined,
  };
}

/** The hash for a view: what {@linkcode parseView} reads. */
export function viewHash(view: View): string {
  const said = new URLSearchParams();
  if (view.tab !== "curves") said.set("tab", view.tab);
  if (view.x !== "step") said.set("x", view.x);
  if (view.y !== "linear") said.set("y", view.y);
  if (view.xScale !== "linear") said.set("scale", view.xScale);
  if (view.smooth !== SMOOTH) said.set("smooth", String(view.smooth));
  if (view.zoom) said.set("zoom", view.zoom.map((end) => Number(end.toPrecision(6))).join(","));
  if (view.at.length > 0) said.set("at", view.at.join(","));
  if (view.comparison !== undefined) said.set("comparison", view.comparison);
  if (view.runs) {
    said.set("runs", String(view.runs.length));
    for (const run of view.runs) said.append("run", run);
  }
  const hash = said.toString();
  return hash === "" ? "" : `#${hash}`;
}
