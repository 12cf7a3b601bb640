import { type Cell, describeCell } from "../compare/cell.ts";
import type { PlannedRun, Progress } from "../compare/compare.ts";
import { nameOf, type Tuned } from "../compare/contender.ts";
import { dataName } from "../compare/corpus.ts";
import { finalLoss, lowestLoss, type RunRecord } from "../compare/record.ts";
import type { StepEvent } from "../train/options.ts";
import { count } from "./count.ts";
import { formatSeconds, ProgressBar } from "./progress_bar.ts";
import { printJson, printLine } from "./terminal.ts";

/** Where a comparison reports to: text, JSON lines, or nothing but the tables. */
export class CompareDisplay implements Disposable {
  #bar: ProgressBar | undefined;
  /** Whether there is more than one corpus. */
  #tellsData = false;
  /** Of the runs made now, for the time left. */
  #seconds = 0;
  #cost = 0;

  constructor(
    readonly kind: "text" | "json" | "quiet",
    readonly adapter: string,
    readonly out: string,
  ) {}

  start({ runs }: Progress, cells: readonly Cell[]): void {
    this.#tellsData = new Set(cells.map(({ data }) => data)).size > 1;
    this.#tell(
      "start",
      { adapter: this.adapter, cells: cells.length, runs, out: this.out },
      `${count(runs, "run")} in ${count(cells.length, "cell")} on ${this.adapter}, to ${this.out}`,
    );
  }

  /** So many runs in the directory are of no use to this version. */
  outdated(runs: number): void {
    const text =
      `Leaves out ${count(runs, "run")} of an AGD with other settings than this version ` +
      `has, in ${this.out}/runs.`;
    this.#tell("note", { text }, text);
  }

  /** Kernels were measured for so many shapes, and not for so many others. */
  tuned(measured: number, left: number): void {
    const rest = left > 0 ? `, and not for ${left} more` : "";
    const text = `Measured the kernels for matrix products of ${measured} shapes${rest}.`;
    this.#tell("autotune", { measured, left }, text);
  }

  begin(
    { cell, settings: { contender, seed } }: PlannedRun,
    { runs, finished }: Progress,
  ): void {
    const data = this.#tellsData ? `, ${dataName(cell.data)}` : "";
    const text = `run ${finished + 1}/${runs}  ${describeCell(cell)}${data}  ` +
      `${nameOf(contender)}, seed ${seed}`;
    this.#tell("run", { run: finished + 1, runs, cell, contender, seed }, text);
    if (this.kind === "text" && Deno.stdout.isTerminal()) this.#bar = new ProgressBar();
  }

  /** So many of the kernels are compiled. */
  compiling(done: number, kernels: number): void {
    if (this.#bar) this.#bar.compiling(done, kernels);
    else if (done === 0) {
      this.#tell("compile", { kernels }, `  compiling ${count(kernels, "kernel")}`);
    }
  }

  step(event: StepEvent): void {
    this.#bar?.step(event);
  }

  record(
    record: RunRecord,
    { cost }: PlannedRun,
    { runs, finished, costLeft }: Progress,
  ): void {
    const { seconds, diverged, parameters } = record;
    this.#seconds += seconds;
    this.#cost += cost;
    const left = this.#seconds / this.#cost * costLeft;
    const outcome = diverged ?? `val ${finalLoss(record).toFixed(4)}`;
    this.#tell(
      "record",
      {
        ...{ run: finished, runs, parameters, seconds, diverged, seconds_left: left },
        ...{ final_loss: finalLoss(record), lowest_loss: lowestLoss(record) },
      },
      `  ${outcome}  ${formatSeconds(seconds)}` +
        (costLeft > 0 ? `, about ${formatSeconds(left)} left` : ""),
    );
  }

  extend(cell: Cell, contender: Tuned): void {
    const text = "The best learning rate is at an end of the grid: tries " +
      `${nameOf(contender)} too.`;
    this.#tell("extend", { cell, contender }, text);
  }

  stopping(): void {
    this.#tell("stopping", {}, "Stopping after this step; Ctrl-C once more quits at once.");
  }

  end(text: string, interrupted: boolean): void {
    if (this.kind === "json") {
      this.#tell("end", { out: this.out, interrupted });
      return;
    }
    this.#bar?.erase();
    const ending = interrupted
      ? "Stopped: the run under way is lost. The same command goes on with the rest."
      : `Wrote compare.md, compare.json and compare.svg in ${this.out}.`;
    printLine(text === "" ? ending : `${this.kind === "text" ? "\n" : ""}${text}\n${ending}`);
  }

  #tell(event: string, data: Record<string, unknown>, text?: string): void {
    if (this.kind === "json") printJson({ event, ...data });
    if (this.kind !== "text" || text === undefined) return;
    this.#bar?.erase();
    printLine(text);
    if (event === "record") this.#bar = undefined;
    this.#bar?.draw();
  }

  [Symbol.dispose](): void {
    this.#bar?.erase();
  }
}
