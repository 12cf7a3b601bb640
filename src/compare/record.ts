import type { StreamIdentity } from "../data/order/position.ts";
import type { Cell } from "./cell.ts";
import type { Contender } from "./contender.ts";

/** All that the outcome of a run depends on, but for the adapter and this program. */
export interface RunSettings {
  contender: Contender;
  /** Of the initial weights, and of the order of the data. */
  seed: number;
  cell: Omit<Cell, "data">;
  /** The data, whatever its path is. */
  data: StreamIdentity;
  /** Steps between evaluations; undefined where time may end the run. */
  evalEvery?: number;
  /** Evaluations in equal parts of a run that time may end. */
  evaluations?: number;
  /** Tokens of an evaluation, at least. */
  validationTokens: number;
}

/** A point of a run's curve. */
export interface CurvePoint {
  step: number;
  /** Tokens trained on so far. */
  tokens: number;
  /** Mean training loss since the last point, in nats per token, but for steps that were skipped. */
  loss?: number;
  /** Validation loss, in nats per token. */
  val_loss: number;
}

/** A run that is finished. */
export interface RunRecord {
  settings: RunSettings;
  /** What the data was called. */
  data: string;
  adapter: string;
  vocabulary_size: number;
  parameters: number;
  curve: CurvePoint[];
  /** Why training ended before its time, if a loss stopped being a number. */
  diverged?: string;
  /** The number of steps that were skipped because of a gradient that was not finite, if any. */
  skipped?: number;
  /** How long it took, evaluations included. */
  seconds: number;
  /** The median over the steps. */
  tokens_per_second: number;
}

/** The validation loss after the last step; infinite if training diverged. */
export function finalLoss({ curve, diverged }: RunRecord): number {
  return diverged === undefined ? curve.at(-1)?.val_loss ?? Infinity : Infinity;
}

/** The lowest validation loss of the run. */
export function lowestLoss({ curve }: RunRecord): number {
  return Math.min(...curve.map(({ val_loss }) => val_loss));
}

/**
 * The tokens after which a curve is at or below a loss for the first time, interpolated between
 * its points; undefined if it never is.
 */
export function tokensToReach(curve: readonly CurvePoint[], loss: number): number | undefined {
  const i = curve.findIndex(({ val_loss }) => val_loss <= loss);
  if (i <= 0) return curve[i]?.tokens;
  const [before, after] = [curve[i - 1], curve[i]];
  const part = (before.val_loss - loss) / (before.val_loss - after.val_loss);
  return before.tokens + part * (after.tokens - before.tokens);
}
