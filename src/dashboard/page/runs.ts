/// <reference lib="dom" />
import type { RunSummary } from "../summary.ts";
import { el, table } from "./dom.ts";
import { bytes, duration, measure, short, time, whole } from "./format.ts";
import { progress, stateText } from "./run_list.ts";

/** What the shown runs are: side by side where they differ, and each by itself. */
export function runsView(runs: readonly RunSummary[]): HTMLElement {
  if (runs.length === 0) return el("p", { class: "empty" }, "No run is chosen.");
  return el("div", {}, ...runs.length > 1 ? [differences(runs)] : [], ...runs.map(card));
}

function differences(runs: readonly RunSummary[]): HTMLElement {
  const all = runs.map((run) => ({
    ...run.config,
    ...run.options,
    ...run.optimizer === undefined ? {} : { optimizer: run.optimizer },
    ...run.adapter === undefined ? {} : { adapter: run.adapter },
  })) as Record<string, string>[];
  const names = [...new Set(all.flatMap((options) => Object.keys(options)))].sort();
  const differing = names.filter((name) => new Set(all.map((options) => options[name])).size > 1);
  const rows = differing.map((name) => [name, ...all.map((options) => options[name] ?? "–")]);
  return el(
    "section",
    { class: "card" },
    el("h2", {}, "Differences"),
    rows.length === 0
      ? el("p", {}, "These runs were given the same options.")
      : table(["option", ...runs.map(({ name }) => name)], rows, { caption: "Differences" }),
  );
}

function card(run: RunSummary): HTMLElement {
  return el(
    "section",
    { class: "card" },
    el("h2", {}, run.name, el("span", { class: `state-${run.state}` }, stateText(run))),
    ...run.message === undefined ? [] : [el("p", { class: "message" }, run.message)],
    facts(factsOf(run)),
    el("h3", {}, "Model"),
    facts(run.config),
    el("h3", {}, "Options"),
    Object.keys(run.options).length === 0
      ? el("p", {}, "None was given, or none is kept before the first checkpoint.")
      : facts(run.options),
    el("h3", {}, "Checkpoints"),
    checkpoints(run),
  );
}

function factsOf(run: RunSummary): Record<string, string> {
  const part = progress(run);
  const done = part === undefined ? "" : ` (${Math.floor(part * 100)}%)`;
  const isOver = run.state === "finished" || run.state === "failed";
  return {
    Steps: `${whole(run.step)}${run.steps === undefined ? "" : ` of ${whole(run.steps)}`}${done}`,
    Tokens: short(run.tokens),
    "Training loss": measure(run.loss),
    "Best validation": run.best
      ? `${measure(run.best.val_loss)} at step ${whole(run.best.step)}`
      : "–",
    "Tokens a second": run.tokensPerSecond === undefined ? "–" : whole(run.tokensPerSecond),
    "Time spent": duration(run.seconds),
    "Time left": isOver ? "–" : duration(run.secondsLeft),
    Parameters: run.parameters === undefined ? "–" : whole(run.parameters),
    Optimizer: run.optimizer ?? "–",
    Adapter: run.adapter ?? "–",
    Began: time(run.started),
    [run.ended === undefined ? "Last written" : "Ended"]: time(run.ended ?? run.modified),
    Directory: run.path,
  };
}

function facts(values: Record<string, string>): HTMLElement {
  return el(
    "dl",
    { class: "facts" },
    ...Object.entries(values).map(([name, value]) =>
      el("div", {}, el("dt", {}, name), el("dd", {}, value))
    ),
  );
}

function checkpoints({ checkpoints, best }: RunSummary): HTMLElement {
  if (checkpoints.length === 0) return el("p", {}, "There is none yet.");
  const rows = checkpoints.map(({ step, bytes: size, time: written }) => [
    `${whole(step)}${step === best?.step ? ", the best" : ""}`,
    bytes(size),
    time(written),
  ]);
  return table(["step", "size", "written"], rows, { caption: "Checkpoints", numeric: ["size"] });
}
