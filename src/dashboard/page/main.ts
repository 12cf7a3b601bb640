/// <reference lib="dom" />
import { parseView, type View, viewHash } from "./address.ts";
import { Curves } from "./charts.ts";
import { Comparisons } from "./comparison.ts";
import { byId, el } from "./dom.ts";
import { ModelView } from "./model.ts";
import { sortedRuns, updateRunList } from "./run_list.ts";
import { runsView } from "./runs.ts";
import { Samples } from "./samples.ts";
import { Store } from "./store.ts";
import { onTheme, startTheme } from "./theme.ts";

/** Runs that are shown where the address names none. */
const FIRST_SHOWN = 4;

const TABS = {
  curves: "Curves",
  samples: "Samples",
  runs: "Details",
  model: "Model",
  compare: "Compare",
} as const;

const store = new Store((what) => {
  if (what === "connection") showConnection();
  else render();
});
let view = parseView(location.hash);
const curves = new Curves(store, change);
const samples = new Samples(change);
const models = new ModelView();
const comparisons = new Comparisons(store, change);
const list = byId("runs");
const filter = byId<HTMLInputElement>("filter");
const main = byId("main");

/** The runs that are shown: those of the address that are there, or the newest ones. */
function shownRuns(): string[] {
  const all = sortedRuns(store).map(({ id }) => id);
  if (view.runs) return all.filter((id) => view.runs!.includes(id));
  return all.slice(0, FIRST_SHOWN);
}

function change(part: Partial<View>): void {
  view = { ...view, ...part };
  history.replaceState(null, "", viewHash(view) || location.pathname);
  if (!("smooth" in part)) curves.setControls(view); // a slider that is dragged stays
  render();
}

function toggle(id: string): void {
  const shown = shownRuns();
  const runs = shown.includes(id) ? shown.filter((other) => other !== id) : [...shown, id];
  change({ runs });
}

function showConnection(): void {
  const status = byId("connection");
  status.dataset.state = store.isLive ? "live" : "lost";
  status.textContent = store.isLive ? "live" : "not connected";
}

function render(): void {
  showTabs();
  const shown = shownRuns();
  store.follow(view.tab === "compare" ? [] : shown);
  updateRunList(list, store, shown, filter.value.trim().toLowerCase(), toggle);
  if (!store.contents) return;
  if (store.contents.runs.length + store.contents.comparisons.length === 0) {
    return put(
      el("p", { class: "empty" }, "No run in these directories yet. One that begins appears here."),
    );
  }
  const runs = shown.flatMap((id) => store.run(id) ?? []);
  if (view.tab === "curves") {
    put(curves.element);
    curves.update(view, shown);
  } else if (view.tab === "samples") {
    put(samples.element);
    samples.update(view, runs);
  } else if (view.tab === "runs") showRuns(runs);
  else if (view.tab === "model") {
    put(models.element);
    models.update(runs);
  } else {
    put(comparisons.element);
    void comparisons.update(view);
  }
}

/** Made anew only where something has changed, so that what a user has selected stays. */
let told = "";
let details = el("div");
function showRuns(runs: Parameters<typeof runsView>[0]): void {
  const now = JSON.stringify(runs);
  if (now !== told) {
    told = now;
    details = el("div", {}, runsView(runs));
  }
  put(details);
}

function put(element: HTMLElement): void {
  if (main.firstElementChild !== element) main.replaceChildren(element);
}

function showTabs(): void {
  const tabs = byId("tabs");
  if (tabs.children.length === 0) {
    for (const [tab, text] of Object.entries(TABS)) {
      const onclick = () => change({ tab: tab as View["tab"] });
      tabs.append(el("button", { type: "button", "data-tab": tab, onclick }, text));
    }
  }
  for (const button of tabs.children as Iterable<Element> & HTMLCollection) {
    const isCurrent = (button as HTMLElement).dataset.tab === view.tab;
    if (isCurrent) button.setAttribute("aria-current", "page");
    else button.removeAttribute("aria-current");
  }
}

startTheme(byId("theme"));
onTheme(render);
filter.addEventListener("input", render);
addEventListener("hashchange", () => {
  view = parseView(location.hash);
  curves.setControls(view);
  render();
});
curves.setControls(view);
showConnection();
render();
