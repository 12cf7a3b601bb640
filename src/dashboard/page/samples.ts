/// <reference lib="dom" />
import type { Sample } from "../../run/sample_log.ts";
import type { RunSummary } from "../summary.ts";
import type { View } from "./address.ts";
import { el } from "./dom.ts";
import { whole } from "./format.ts";

/** Steps that are shown where none was chosen. */
const FIRST_SHOWN = 3;

/** Samples as they change over the runs, side by side for chosen steps. */
export class Samples {
  readonly element = el("div");
  /** What was read of each run, and how large its file was then. */
  readonly #read = new Map<string, { bytes: number; samples: Sample[] }>();
  readonly #change: (change: Partial<View>) => void;
  #redraw = () => {};

  constructor(change: (change: Partial<View>) => void) {
    this.#change = change;
  }

  /** Draws what is known, and asks for what is new. */
  update(view: View, runs: readonly RunSummary[]): void {
    this.#redraw = () => this.#draw(view, runs); // of what is chosen by the time of an answer
    for (const run of runs) void this.#ask(run).then((isNew) => isNew && this.#redraw());
    this.#redraw();
  }

  async #ask({ id, sampleBytes }: RunSummary): Promise<boolean> {
    if (this.#read.get(id)?.bytes === sampleBytes) return false;
    this.#read.set(id, { bytes: sampleBytes, samples: this.#read.get(id)?.samples ?? [] });
    const response = await fetch(`samples?id=${encodeURIComponent(id)}`);
    if (!response.ok) return false;
    const samples = await response.json();
    if (this.#read.get(id)!.bytes !== sampleBytes) return false; // asked again since
    this.#read.set(id, { bytes: sampleBytes, samples });
    return true;
  }

  #draw(view: View, runs: readonly RunSummary[]): void {
    const of = (id: string) => this.#read.get(id)?.samples ?? [];
    const steps = [...new Set(runs.flatMap(({ id }) => of(id).map(({ step }) => step)))]
      .sort((a, b) => a - b);
    if (steps.length === 0) {
      const why = "No sample yet: train has --sample-every, and writes one at the end of a run.";
      this.element.replaceChildren(el("p", { class: "empty" }, why));
      return;
    }
    const first = runs.map(({ id }) => of(id)).find((samples) => samples.length > 0) ?? [];
    const newest = first.slice(-FIRST_SHOWN).map(({ step }) => step);
    const chosen = view.at.length > 0 ? view.at : newest;
    const chips = steps.map((step) => {
      const isChosen = chosen.includes(step);
      const others = chosen.filter((other) => other !== step);
      const onclick = () =>
        this.#change({ at: isChosen ? others : [...others, step].sort(ascend) });
      return el(
        "button",
        { type: "button", "aria-pressed": String(isChosen), onclick },
        whole(step),
      );
    });
    const sections = runs.filter(({ id }) => of(id).length > 0).map(({ id, name }) =>
      el(
        "section",
        { class: "card" },
        el("h2", {}, name),
        el(
          "div",
          { class: "samples" },
          ...chosen.map((step) => sample(step, of(id).findLast((one) => one.step <= step))),
        ),
      )
    );
    this.element.replaceChildren(
      el("div", { class: "controls" }, "Steps", el("div", { class: "chips" }, ...chips)),
      ...sections,
    );
  }
}

/** The sample at a step, or the last one before. */
function sample(step: number, found: Sample | undefined): HTMLElement {
  return el(
    "article",
    {},
    el("h3", {}, `Step ${whole(found?.step ?? step)}`),
    found ? el("pre", { tabindex: 0 }, found.text) : el("p", {}, "No sample as early as that."),
  );
}

function ascend(a: number, b: number): number {
  return a - b;
}
