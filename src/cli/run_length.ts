import { UsageError } from "../errors.ts";
import type { RunLength } from "../train/run_clock.ts";
import type { Arguments } from "./arguments.ts";

/** Options that say how long a run is. */
export const LENGTH = ["steps", "tokens", "minutes", "hours"] as const;

/** The most that a tiny model is trained for if nothing is said, on a GPU and on a software driver. */
const TINY_STEPS = 250;
const TINY_SECONDS = 180;

/** What a run's length depends on where nothing is said. */
export interface RunSize {
  parameterCount: number;
  tokensPerStep: number;
  /** Whether the adapter is a software driver. */
  isSoftware: boolean;
}

/**
 * Reads `--steps` or `--tokens`, and `--minutes` or `--hours`.
 *
 * @throws {UsageError} If a number is out of range, or two options say the same.
 */
export function readLength(options: Arguments): RunLength & { tokens?: number } {
  const [steps, tokens] = [options.integer("steps"), options.integer("tokens")];
  checkExclusive(options, "steps", "tokens");
  return { steps, tokens, seconds: secondsOption(options) };
}

/**
 * Reads how long a run is: steps, a time, or what comes first of both.
 *
 * @throws {UsageError} If a number is out of range, or two options say the same.
 */
export function lengthOption(options: Arguments, isTiny: boolean): (size: RunSize) => RunLength {
  const { steps, tokens, seconds } = readLength(options);
  return ({ parameterCount, tokensPerStep, isSoftware }) => {
    if (steps !== undefined) return { steps, seconds };
    if (tokens !== undefined) return { steps: Math.ceil(tokens / tokensPerStep), seconds };
    if (seconds !== undefined) return { seconds };
    if (!isTiny) return { steps: Math.ceil(20 * parameterCount / tokensPerStep) };
    return { steps: TINY_STEPS, seconds: isSoftware ? TINY_SECONDS : undefined };
  };
}

/**
 * The seconds that `--minutes` or `--hours` says, if one of them is given.
 *
 * @throws {UsageError} If it is not above 0, or both are given.
 */
export function secondsOption(options: Arguments): number | undefined {
  checkExclusive(options, "minutes", "hours");
  for (const [name, unit] of [["minutes", 60], ["hours", 3600]] as const) {
    const value = options.number(name);
    if (value === undefined) continue;
    if (value > 0) return value * unit;
    throw new UsageError(`--${name} must be above 0, not ${value}`);
  }
}

/** @throws {UsageError} If both are given. */
function checkExclusive(options: Arguments, one: string, other: string): void {
  if (options.text(one) === undefined || options.text(other) === undefined) return;
  throw new UsageError(`--${one} and --${other} say the same: give one of them`);
}
