import { format as formatBytes } from "@std/fmt/bytes";
import { UserError } from "../errors.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { checkConfig, type Gpt2Config } from "../model/config.ts";
import { parameterCount } from "../model/parameters.ts";
import { canAllocate, measureTraining, type TrainingMemory } from "../train/memory.ts";
import { type Cell, describeCell } from "./cell.ts";
import { type Contender, type Grid, makeOptimizer, type Tuned, tuned } from "./contender.ts";
import { Corpus } from "./corpus.ts";
import { nextLearningRate, type Trial } from "./learning_rates.ts";
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
  onPlan?: (plan: Plan) => void;
  /**
   * Called before the first run that is made in a cell, with what makes everything that a run
   * makes but without memory, e.g. to find out which kernels it takes.
   */
  onCell?: (build: () => unknown) => Promise<void>;
  /** Called before a run is made. */
  onRun?: (run: Run, plan: Plan) => void;
  /** Called after a run, also one that had been made before. */
  onRecord?: (record: RunRecord, run: Run, plan: Plan) => void | Promise<void>;
  /** Called when a grid is extended by a learning rate with which runs are to be made. */
  onExtend?: (cell: Cell, contender: Tuned) => void;
}

/** A run that is to be made, or has been. */
export interface Run {
  cell: Cell;
  settings: RunSettings;
  /** Parameters times tokens, to which its time is about proportional. */
  cost: number;
  /** Whether it had been made before. */
  isDone: boolean;
}

/** How far a comparison is. Grids that are extended add runs. */
export interface Plan {
  /** Runs, those done before included. */
  runs: number;
  finished: number;
  /** The cost of the runs that are yet to be made, the present one included. */
  costLeft: number;
}

/** A cell whose data is open. */
interface Prepared {
  cell: Cell;
  corpus: Corpus;
  config: Gpt2Config;
  /** What each optimiser's training takes. */
  measure: () => TrainingMemory[];
  /** Whether a run was made in it. */
  isBegun: boolean;
}

/**
 * Trains every contender in every cell from every seed, one run after the other, unless the run is
 * in the store already. Within a cell and seed all get the same batches in the same order.
 *
 * @throws {UserError} If data is missing or bad, the adapter cannot hold a model, or a run cannot
 * be stored. The runs before remain.
 */
export async function compare(gpu: Gpu, store: RunStore, options: CompareOptions): Promise<void> {
  const { contenders, grids, seeds, extensions, signal } = options;
  const cells = await prepare(gpu, options);
  const all = [
    ...contenders,
    ...grids.flatMap((grid) => grid.learningRates.map((rate) => tuned(grid, rate))),
  ];
  const runsOf = (prepared: Prepared, contender: Contender) =>
    seeds.map((seed) => runIn(prepared, contender, seed, options, store));
  const plan: Plan = { runs: 0, finished: 0, costLeft: 0 };
  const add = (runs: readonly Run[]) => {
    plan.runs += runs.length;
    for (const { isDone, cost } of runs) plan.costLeft += isDone ? 0 : cost;
  };
  for (const prepared of cells) {
    for (const contender of all) add(runsOf(prepared, contender));
  }
  options.onPlan?.(plan);

  /** The mean final loss over the seeds; undefined if interrupted. */
  const makeRuns = async (prepared: Prepared, contender: Contender) => {
    let sum = 0;
    for (const run of runsOf(prepared, contender)) {
      if (signal?.aborted) return;
      if (!run.isDone && !prepared.isBegun) {
        prepared.isBegun = true;
        await options.onCell?.(prepared.measure);
      }
      if (!run.isDone) options.onRun?.(run, plan);
      const record = store.find(run.settings) ?? await makeRun(gpu, prepared, run, options);
      if (!record) return;
      if (!run.isDone) {
        await store.add(record);
        plan.costLeft -= run.cost;
      }
      plan.finished++;
      await options.onRecord?.(record, run, plan);
      sum += finalLoss(record);
    }
    return sum / seeds.length;
  };
  for (const prepared of cells) {
    for (const contender of contenders) await makeRuns(prepared, contender);
    for (const grid of grids) {
      const { learningRates } = grid;
      const trials: Trial[] = [];
      const rates = [...learningRates];
      for (let learningRate; (learningRate = rates.shift()) !== undefined;) {
        const loss = await makeRuns(prepared, tuned(grid, learningRate));
        if (loss === undefined) return;
        trials.push({ learningRate, loss });
        if (rates.length > 0 || trials.length >= learningRates.length + extensions) continue;
        const next = nextLearningRate(trials);
        if (next === undefined) continue;
        rates.push(next);
        const further = runsOf(prepared, tuned(grid, next));
        add(further);
        if (further.some(({ isDone }) => !isDone)) {
          options.onExtend?.(prepared.cell, tuned(grid, next));
        }
      }
    }
  }
}

/** Opens the data of all cells and makes sure that each fits the adapter. */
async function prepare(
  gpu: Gpu,
  { cells, contenders, grids, validationTokens }: CompareOptions,
): Promise<Prepared[]> {
  for (const cell of cells) checkConfig({ ...cell, vocabularySize: 1 });
  const corpora = new Map<string, Corpus>();
  const prepared: Prepared[] = [];
  for (const cell of cells) {
    const key = JSON.stringify([cell.data, cell.vocabulary]);
    const corpus = corpora.get(key) ?? await Corpus.open(cell.data, cell.vocabulary);
    corpora.set(key, corpus);
    const { layers, heads, width, context, bias, affine, batch } = cell;
    const vocabularySize = corpus.vocabulary.size;
    const config = { layers, heads, width, context, vocabularySize, bias, affine };
    const all = [...contenders, ...grids.map((grid) => tuned(grid, 1))];
    const measure = () =>
      all.map((contender) => {
        const optimizer = makeOptimizer.bind(undefined, contender);
        return measureTraining(gpu, config, corpus.vocabulary, { batch, optimizer });
      });
    const needs = measure();
    const refusal = needs.find(({ refusal }) => refusal)?.refusal;
    const bytes = Math.max(...needs.map(({ bytes }) => bytes));
    if (refusal || !await canAllocate(gpu, bytes)) {
      const reason = refusal ?? `${formatBytes(bytes, { binary: true })} of memory are not free`;
      throw new UserError(
        `"${gpu.adapterName}" cannot hold ${describeCell(cell)}: ${reason}; leave out this cell`,
      );
    }
    await corpus.validation(cell, validationTokens); // what is wrong with it is told of at once
    prepared.push({ cell, corpus, config, measure, isBegun: false });
  }
  return prepared;
}

function runIn(
  { cell, corpus, config }: Prepared,
  contender: Contender,
  seed: number,
  { evaluations, validationTokens }: CompareOptions,
  store: RunStore,
): Run {
  const { data: _, ...rest } = cell;
  const settings: RunSettings = {
    ...{ contender, seed, cell: rest, validationTokens },
    data: corpus.identity(cell.context, seed),
    evalEvery: Math.ceil(cell.steps / evaluations),
  };
  const cost = parameterCount(config) * cell.steps * cell.batch * cell.context;
  return { cell, settings, cost, isDone: store.find(settings) !== undefined };
}

/** Makes a run, and makes sure that it left no memory behind. */
async function makeRun(
  gpu: Gpu,
  { cell, corpus }: Prepared,
  { settings }: Run,
  hooks: RunHooks,
): Promise<RunRecord | undefined> {
  const before = gpu.allocatedBytes;
  const record = await runOne(gpu, cell, corpus, settings, hooks);
  if (gpu.allocatedBytes !== before) {
    throw new Error(`a run left ${gpu.allocatedBytes - before} bytes allocated`);
  }
  return record;
}
