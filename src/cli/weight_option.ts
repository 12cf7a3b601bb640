import { UsageError } from "../errors.ts";
import type { Arguments, OptionSpec } from "./arguments.ts";

/** The option `--weight`. */
export const WEIGHT: OptionSpec = {
  value: "N,N",
  help: "mix each --data in this proportion, e.g. 3,1 for three sequences of the first to one",
};

/**
 * Reads `--weight`.
 *
 * @throws {UsageError} If there is not a positive number for each `--data`.
 */
export function weightOption(options: Arguments): number[] | undefined {
  const text = options.text("weight");
  if (text === undefined) return undefined;
  const weights = text.split(",").map(Number);
  const { length } = options.list("data");
  if (weights.length === length && weights.every((weight) => weight > 0 && weight < Infinity)) {
    return weights;
  }
  throw new UsageError(
    `--weight must be a positive number for each --data, of which there are ${length}, not '${text}'`,
  );
}
