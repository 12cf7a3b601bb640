import { UserError } from "../src/errors.ts";
import type { Report } from "./report.ts";
import type { Result } from "./result.ts";

/**
 * Makes sure that two reports can be compared.
 *
 * @throws {UserError} If they are of different adapters.
 */
export function checkComparable(path: string, before: Report, adapter: string): void {
  if (before.adapter === adapter) return;
  throw new UserError(
    `${path} was measured on "${before.adapter}" and this is "${adapter}": results of different ` +
      `adapters are not comparable`,
  );
}

/**
 * Each result beside the former one of the same name, by its first quantity. Results that only one
 * side has are left out.
 */
export function compare(before: readonly Result[], now: readonly Result[]): Result[] {
  return now.flatMap((result) => {
    const former = before.find(({ name }) => name === result.name);
    const quantity = Object.keys(result).find((key) => typeof result[key] === "number");
    if (!former || quantity === undefined) return [];
    const [a, b] = [former[quantity], result[quantity]];
    if (typeof a !== "number" || typeof b !== "number") return [];
    return [{ name: `${result.name} (${quantity})`, before: a, now: b, "now / before": b / a }];
  });
}
