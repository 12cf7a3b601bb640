import { UsageError } from "../errors.ts";
import type { AgdOptions } from "../optim/agd_options.ts";

/** The words that a setting of AGD may have as its value, if it is not made of numbers. */
const WORDS = {
  norm: ["spectral", "frobenius"],
  vectors: ["own", "grouped", "none"],
  embeddings: ["rows", "matrix"],
  nesterov: ["true", "false"],
  averaging: ["true", "false"],
  depth: ["parameters", "maps"],
  shares: ["equal", "proportional"],
  rowHistory: ["true", "false"],
  ramp: ["true", "false"],
} as const satisfies Record<Exclude<keyof AgdOptions, "momentum" | "polarSteps">, unknown>;

const NAMES = [...Object.keys(WORDS), "momentum", "polarSteps"];

/**
 * Reads settings of AGD from text, e.g. `momentum=0.95,nesterov=false,polarSteps=3`.
 *
 * @throws {UsageError} If a setting is unknown or its value is none of it.
 */
export function parseAgdVariant(text: string): AgdOptions {
  return Object.fromEntries(
    text.split(",").map((setting) => {
      const [name, value = ""] = setting.split("=").map((part) => part.trim());
      return [name, parseValue(name, value)];
    }),
  );
}

function parseValue(name: string, value: string): string | number | boolean {
  const words: readonly string[] | undefined = new Map(Object.entries(WORDS)).get(name);
  if (words?.includes(value)) return words.includes("true") ? value === "true" : value;
  if (words) throw wrong(name, words.join(" or "), value);
  if (name === "momentum" || name === "polarSteps") {
    if (value !== "" && Number.isFinite(Number(value))) return Number(value);
    throw wrong(name, "a number", value);
  }
  throw new UsageError(`--agd: there is no setting '${name}', but ${NAMES.join(", ")}`);
}

function wrong(name: string, wanted: string, value: string): UsageError {
  return new UsageError(`--agd: ${name} must be ${wanted}, not '${value}'`);
}
