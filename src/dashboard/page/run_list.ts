/// <reference lib="dom" />
import type { RunSummary } from "../summary.ts";
import { el } from "./dom.ts";
import { duration, measure, short } from "./format.ts";
import type { Store } from "./store.ts";
import { colour } from "./theme.ts";

/** The state of a run in words. */
export function stateText({ state, silentMinutes }: RunSummary): string {
  if (state !== "silent") return state;
  return `not heard of for ${duration((silentMinutes ?? 0) * 60)}`;
}

/** What a run is of its whole, between 0 and 1; undefined if that is not known. */
export function progress({ step, steps, seconds, secondsLimit }: RunSummary): number | undefined {
  const parts = [
    steps !== undefined && steps > 0 ? step / steps : 0,
    secondsLimit !== undefined && secondsLimit > 0 ? (seconds ?? 0) / secondsLimit : 0,
  ];
  return steps === undefined && secondsLimit === undefined
    ? undefined
    : Math.min(1, Math.max(...parts));
}

/** Lists the runs; a click on one shows or hides it. Those in place stay, so that focus does too. */
export function updateRunList(
  list: HTMLElement,
  store: Store,
  shown: readonly string[],
  filter: string,
  onToggle: (id: string) => void,
): void {
  const present = new Map(
    [...list.children].map((item) => [(item as HTMLElement).dataset.id, item]),
  );
  const runs = sortedRuns(store).filter(({ name }) => name.toLowerCase().includes(filter));
  const items = runs.map((run) => {
    const item = present.get(run.id) as HTMLElement | undefined ?? el("li", { "data-id": run.id });
    const button = item.querySelector("button") ??
      el("button", { class: "run", type: "button", onclick: () => onToggle(run.id) });
    button.setAttribute("aria-pressed", String(shown.includes(run.id)));
    button.replaceChildren(...describe(run, colour(store.number(run.id))));
    if (!button.parentNode) item.append(button);
    return item;
  });
  const isSame = items.length === list.children.length &&
    items.every((item, i) => item === list.children[i]);
  if (!isSame) list.replaceChildren(...items);
}

/** The runs, those that wrote last first. */
export function sortedRuns(store: Store): RunSummary[] {
  const isRunning = ({ state }: RunSummary) => Number(state === "running");
  const begun = ({ started, modified }: RunSummary) => Date.parse(started ?? "") || modified;
  return [...store.contents?.runs ?? []].sort((a, b) =>
    isRunning(b) - isRunning(a) || begun(b) - begun(a) || (a.name < b.name ? -1 : 1)
  );
}

function describe(run: RunSummary, colour: string): (Node | string)[] {
  const swatch = el("span", { class: "swatch" });
  swatch.style.color = colour;
  const part = progress(run);
  const steps = run.steps === undefined
    ? short(run.step)
    : `${short(run.step)}/${short(run.steps)}`;
  return [
    swatch,
    el("span", { class: "run-name", title: run.path }, run.name),
    el("span", { class: "run-loss" }, measure(run.loss)),
    el(
      "span",
      { class: "run-detail" },
      el("span", { class: `state state-${run.state}`, title: stateText(run) }, stateText(run)),
      el("span", {}, `step ${steps}`),
    ),
    ...run.state === "running" && part !== undefined
      ? [el("progress", { class: "progress", max: 1, value: part, "aria-label": "Progress" })]
      : [],
  ];
}
