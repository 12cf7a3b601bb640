import { familyOf, isRival } from "./contender.ts";
import type { RunRecord } from "./record.ts";
import type { CellSummary, Row } from "./summary.ts";

/** Evaluations from which on a run shows how a lead goes with its length. */
const FEWEST_POINTS = 16;
/** The most lengths at which a lead is told of, each twice the one before. */
const LENGTHS = 6;

/** What the best of all is called. */
export const BEST = "the best of all";

/** How far AGD with nothing changed is ahead along the runs of a cell. */
export interface Lead {
  /** Tokens trained on, at evaluations of all runs: to the end of the run, halved again and again. */
  tokens: number[];
  /** Of each optimiser, at each of these: undefined where AGD or the optimiser has no loss. */
  optimizers: { name: string; ahead: (number | undefined)[] }[];
}

/**
 * The lowest mean validation loss of each optimiser with any of its learning rates after as many
 * tokens, minus AGD's; the last of the optimisers is the best of all that AGD is held against. Undefined
 * where runs have few evaluations, or a length that is a time.
 */
export function leadOf({ cell, agd, rows }: CellSummary): Lead | undefined {
  const curve = agd?.records[0].curve ?? [];
  const others = rows.filter((row) => row !== agd);
  if (cell.seconds !== undefined || curve.length < FEWEST_POINTS || others.length === 0) return;
  const evaluations = Array.from(
    { length: LENGTHS },
    (_, i) => Math.round(curve.length / 2 ** (LENGTHS - 1 - i)),
  );
  const tokens = [...new Set(evaluations)].map((evaluation) => curve[evaluation - 1].tokens);
  const ahead = (rows: readonly Row[]) =>
    tokens.map((at) => {
      const found = rows.flatMap((row) => difference(row, agd!, at) ?? []);
      return found.length > 0 ? Math.min(...found) : undefined;
    });
  const families = Map.groupBy(others, ({ contender, name }) => familyOf(contender) ?? name);
  return {
    tokens,
    optimizers: [
      ...[...families].map(([name, rows]) => ({ name, ahead: ahead(rows) })),
      { name: BEST, ahead: ahead(others.filter(({ contender }) => isRival(contender))) },
    ],
  };
}

/** The mean loss of a row minus that of another after as many tokens, over the seeds of both. */
function difference(row: Row, other: Row, tokens: number): number | undefined {
  const pairs = row.records.flatMap((record) => {
    const partner = other.records.find(({ settings: { seed } }) => seed === record.settings.seed);
    const [loss, others] = [lossAt(record, tokens), partner && lossAt(partner, tokens)];
    return loss === undefined || others === undefined ? [] : [loss - others];
  });
  if (pairs.length === 0) return undefined;
  const mean = pairs.reduce((a, b) => a + b, 0) / pairs.length;
  return Number.isFinite(mean) ? mean : undefined;
}

function lossAt({ curve }: RunRecord, tokens: number): number | undefined {
  return curve.find((point) => point.tokens === tokens)?.val_loss;
}
