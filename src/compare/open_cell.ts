import { format as formatBytes } from "@std/fmt/bytes";
import { UserError } from "../errors.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { checkConfig, type Gpt2Config } from "../model/config.ts";
import { measureTraining, type TrainingMemory } from "../train/memory.ts";
import { canAllocate } from "../train/refusals.ts";
import { type Cell, describeCell } from "./cell.ts";
import { type Contender, type Grid, makeOptimizer, tuned } from "./contender.ts";
import { Corpus } from "./corpus.ts";

/** A cell whose data is open. */
export interface OpenCell {
  cell: Cell;
  corpus: Corpus;
  config: Gpt2Config;
  /** What each optimiser's training takes. */
  measure: () => TrainingMemory[];
}

/** The cells of a comparison, and what is to be trained in them. */
export interface CellOptions {
  cells: readonly Cell[];
  contenders: readonly Contender[];
  grids: readonly Grid[];
  validationTokens: number;
}

/**
 * Opens the data of all cells and makes sure that each fits the adapter.
 *
 * @throws {UserError} If data is missing or bad, or the adapter cannot hold a model.
 */
export async function openCells(gpu: Gpu, options: CellOptions): Promise<OpenCell[]> {
  const { cells, contenders, grids, validationTokens } = options;
  for (const cell of cells) checkConfig({ ...cell, vocabularySize: 1 });
  const all = [...contenders, ...grids.map((grid) => tuned(grid, 1))];
  const corpora = new Map<string, Corpus>();
  const opened: OpenCell[] = [];
  for (const cell of cells) {
    const key = JSON.stringify([cell.data, cell.vocabulary]);
    const corpus = corpora.get(key) ?? await Corpus.open(cell.data, cell.vocabulary);
    corpora.set(key, corpus);
    const open = openCell(gpu, cell, corpus, all);
    await checkFits(gpu, open);
    await corpus.validation(cell, validationTokens); // what is wrong with it is told of at once
    opened.push(open);
  }
  return opened;
}

function openCell(gpu: Gpu, cell: Cell, corpus: Corpus, all: readonly Contender[]): OpenCell {
  const { layers, heads, width, context, bias, affine, batch } = cell;
  const { vocabulary } = corpus;
  const vocabularySize = vocabulary.size;
  const config = { layers, heads, width, context, vocabularySize, bias, affine };
  const measure = () =>
    all.map((contender) => {
      const optimizer = makeOptimizer.bind(undefined, contender);
      return measureTraining(gpu, config, vocabulary, { batch, optimizer });
    });
  return { cell, corpus, config, measure };
}

async function checkFits(gpu: Gpu, { cell, measure }: OpenCell): Promise<void> {
  const needs = measure();
  const refusal = needs.find(({ refusal }) => refusal)?.refusal;
  const bytes = Math.max(...needs.map(({ bytes }) => bytes));
  if (!refusal && await canAllocate(gpu, bytes)) return;
  const reason = refusal ?? `${formatBytes(bytes, { binary: true })} of memory are not free`;
  throw new UserError(
    `"${gpu.adapterName}" cannot hold ${describeCell(cell)}: ${reason}; leave out this cell`,
    "OUT_OF_MEMORY",
  );
}
