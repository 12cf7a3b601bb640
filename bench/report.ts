import { commandOf } from "../src/cli/command.ts";
import { UserError } from "../src/errors.ts";
import { fileError } from "../src/files/file_error.ts";
import type { Machine } from "./machine.ts";
import type { Result } from "./result.ts";

/** The results of a run by benchmark, and where they were measured. */
export interface Report {
  /** The adapter's name. */
  adapter: string;
  /** Processors of the machine. */
  processors: number;
  /** Version of Deno. */
  deno: string;
  /** Nanoseconds of a timestamp's tick, as measured, where it is not 1. */
  tick?: number;
  /** The day, as 2026-01-31. */
  date: string;
  results: Record<string, Result[]>;
}

/** A report of this machine, without results. */
export function emptyReport({ gpu, tick }: Machine): Report {
  return {
    adapter: gpu.adapterName,
    processors: navigator.hardwareConcurrency,
    deno: Deno.version.deno,
    ...tick !== undefined && tick !== 1 && { tick },
    date: new Date().toISOString().slice(0, 10),
    results: {},
  };
}

/**
 * Reads a report.
 *
 * @throws {UserError} If the file cannot be read or is none.
 */
export async function readReport(path: string): Promise<Report> {
  const text = await Deno.readTextFile(path).catch((error) => {
    throw fileError(error, `${path}: cannot read`);
  });
  const refuse = (what: string) => {
    throw new UserError(
      `${path}: ${what}; give a file that ${commandOf("bench")} --json or --save wrote`,
    );
  };
  let report: Partial<Report>;
  try {
    report = JSON.parse(text);
  } catch (error) {
    return refuse(`not JSON (${(error as Error).message})`);
  }
  const { adapter, results } = report ?? {};
  if (typeof adapter !== "string" || typeof results !== "object" || results === null) {
    return refuse("not the results of a benchmark");
  }
  for (const [benchmark, rows] of Object.entries(results)) {
    const isResult = (row: Result | null) => typeof row?.name === "string";
    if (!Array.isArray(rows) || !rows.every(isResult)) refuse(`no results in "${benchmark}"`);
  }
  return report as Report;
}

/** An adapter's name as a file name: lower-case letters and digits, joined by dashes. */
export function slug(adapter: string): string {
  return adapter.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-").replaceAll(/^-|-$/g, "");
}

/** A report as JSON, its numbers to six digits. */
export function reportJson(report: Report): string {
  const round = (_: string, value: unknown) =>
    typeof value === "number" ? Number(value.toPrecision(6)) : value;
  return JSON.stringify(report, round, 2);
}
