import type { Gpu } from "../gpu/gpu.ts";
import { parameterCount } from "../model/parameters.ts";
import type { Cell } from "./cell.ts";
import { type Contender, type Grid, hasRate, type Tuned, tuned } from "./contender.ts";
import { nextLearningRate, type Trial } from "./learning_rates.ts";
import { type OpenCell, openCells } from "./open_cell.ts";
import { finalLoss, type RunRecord, type RunSettings } from "./record.ts";
import { type RunHooks, runOne } from "./run_one.ts";
import type { RunStore } from "./store.ts";

/** What to compare. */
export interface CompareOptions extends RunHooks {
  cells: readonly Cell[];
  /** Optimisers that are run as they are. */
  contenders: readonly Contender[];
  /** Optimisers that are given the best learning rate of a grid. */
  grids: readonly Grid[];
  seeds: readonly number[];
  /** How often a grid is extended in a cell where its best learning rate is at an end. */
  extensions: number;
  /** Evaluations in a run, at most. */
  evaluations: number;
  /** Tokens of an evaluation, at least. */
  validationTokens: number;
  /** Called before the first run. */
  onStart?: (progress: Progress) => void;
  /**
   * Called before the first run that is made in a cell, with what makes everything that a run
   * makes but without memory, e.g. to find out which kernels it takes.
   */
  onCell?: (build: () => unknown) => Promise<void>;
  /** Called before a run is made. */
  onRun?: (run: PlannedRun, progress: Progress) => void;
  /** Called after a run, also one that had been made before. */
  onRecord?: (
    record: RunRecord,
    run: PlannedRun,
    progress: Progress,
  ) => void | Promise<void>;
  /** Called when a grid is extended by a learning rate with which runs are to be made. */
  onExtend?: (cell: Cell, contender: Tuned) => void;
}

/** A run that is to be made, or has been. */
export interface PlannedRun {
  cell: Cell;
  settings: RunSettings;
  /** What its time is about proportional to: parameters times tokens, or the time that it has. */
  cost: number;
  /** Whether it had been made before. */
  isDone: boolean;
}

/** How far a comparison is. Grids that are extended add runs. */
export interface Progress {
  /** Runs, those done before included. */
  runs: number;
  finished: number;
  /** The cost of the runs that are yet to be made, the present one included. */
  costLeft: number;
}

/**
 * Trains every contender in every cell from every seed, one run after the other, unless the run is
 * in the store already. Within a cell and seed all get the same batches in the same order.
 *
 * @throws {UserError} If data is missing or bad, the adapter cannot hold a model, or a run cannot
 * be stored. The runs before remain.
 */
export async function compare(gpu: Gpu, store: RunStore, options: CompareOptions): Promise<void> {
  const cells = await openCells(gpu, options);
  await new RunMaker(gpu, store, options).run(cells);
}

/** Makes the runs of a comparison, one after the other. */
class RunMaker {
  readonly progress: Progress = { runs: 0, finished: 0, costLeft: 0 };
  /** The cells in which a run was made. */
  readonly #begun = new Set<OpenCell>();

  constructor(readonly gpu: Gpu, readonly store: RunStore, readonly options: CompareOptions) {}

  async run(cells: readonly OpenCell[]): Promise<void> {
    const { contenders, grids } = this.options;
    const all = [
      ...contenders,
      ...grids.flatMap((grid) => grid.learningRates.map((rate) => tuned(grid, rate))),
    ];
    for (const cell of cells) {
      for (const contender of all) this.#plan(this.#runsOf(cell, contender));
    }
    this.options.onStart?.(this.progress);
    for (const cell of cells) {
      for (const contender of contenders) await this.#makeRuns(cell, contender);
      for (const grid of grids) {
        if (!await this.#search(cell, grid)) return;
      }
    }
  }

  /** Tries a grid's learning rates, and further ones where the best is at an end. */
  async #search(cell: OpenCell, grid: Grid): Promise<boolean> {
    const most = grid.learningRates.length + (hasRate(grid) ? this.options.extensions : 0);
    const trials: Trial[] = [];
    const rates = [...grid.learningRates];
    for (let learningRate; (learningRate = rates.shift()) !== undefined;) {
      const loss = await this.#makeRuns(cell, tuned(grid, learningRate));
      if (loss === undefined) return false; // interrupted
      trials.push({ learningRate, loss });
      if (rates.length > 0 || trials.length >= most) continue;
      const next = nextLearningRate(trials);
      if (next === undefined) continue;
      rates.push(next);
      this.#extend(cell, tuned(grid, next));
    }
    return true;
  }

  #extend(cell: OpenCell, contender: Tuned): void {
    const runs = this.#runsOf(cell, contender);
    this.#plan(runs);
    if (runs.some(({ isDone }) => !isDone)) this.options.onExtend?.(cell.cell, contender);
  }

  #plan(runs: readonly PlannedRun[]): void {
    this.progress.runs += runs.length;
    for (const { isDone, cost } of runs) this.progress.costLeft += isDone ? 0 : cost;
  }

  #runsOf(cell: OpenCell, contender: Contender): PlannedRun[] {
    return this.options.seeds.map((seed) => this.#planned(cell, contender, seed));
  }

  #planned({ cell, corpus, config }: OpenCell, contender: Contender, seed: number): PlannedRun {
    const { evaluations, validationTokens } = this.options;
    const { data: _, ...rest } = cell;
    const { steps = Infinity, seconds } = cell;
    const settings: RunSettings = {
      ...{ contender, seed, cell: rest, validationTokens },
      data: corpus.identity(cell.context, seed),
      ...seconds === undefined ? { evalEvery: Math.ceil(steps / evaluations) } : { evaluations },
    };
    const cost = seconds ?? parameterCount(config) * steps * cell.batch * cell.context;
    return { cell, settings, cost, isDone: this.store.find(settings) !== undefined };
  }

  /** The mean final loss over the seeds; undefined if interrupted. */
  async #makeRuns(cell: OpenCell, contender: Contender): Promise<number | undefined> {
    const { seeds, signal } = this.options;
    let sum = 0;
    for (const run of this.#runsOf(cell, contender)) {
      if (signal?.aborted) return;
      const record = this.store.find(run.settings) ?? await this.#makeRun(cell, run);
      if (!record) return;
      this.progress.finished++;
      await this.options.onRecord?.(record, run, this.progress);
      sum += finalLoss(record);
    }
    return sum / seeds.length;
  }

  /** Makes and stores a run, and makes sure that it left no memory behind. */
  async #makeRun(open: OpenCell, run: PlannedRun): Promise<RunRecord | undefined> {
    const { gpu, options } = this;
    if (!this.#begun.has(open)) {
      this.#begun.add(open);
      await options.onCell?.(open.measure);
    }
    options.onRun?.(run, this.progress);
    const before = gpu.allocatedBytes;
    const record = await runOne(gpu, open.cell, open.corpus, run.settings, options);
    if (gpu.allocatedBytes !== before) {
      throw new Error(`a run left ${gpu.allocatedBytes - before} bytes allocated`);
    }
    if (!record) return;
    await this.store.add(record);
    this.progress.costLeft -= run.cost;
    return record;
  }
}
