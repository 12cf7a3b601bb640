import { Buffer } from "node:buffer";
import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { commandOf } from "../src/cli/command.ts";
import { nameOf } from "../src/compare/contender.ts";
import type { RunRecord } from "../src/compare/record.ts";
import { RunStore } from "../src/compare/store.ts";
import { UserError } from "../src/errors.ts";
import { fileError } from "../src/files/file_error.ts";
import { fileExists } from "../src/files/file_exists.ts";
import { replaceFile } from "../src/files/replace_file.ts";
import { writeAll } from "../src/files/transfer.ts";

/** Decimals that are kept: with fewer, some of the last digits in the tables would be others. */
const DECIMALS = { val_loss: 7, seconds: 2, tokens_per_second: 3 };

/**
 * Reads the runs that are kept for tables and charts: a line of JSON each, packed by zstd.
 *
 * @throws {UserError} If the file cannot be read or is damaged.
 */
export async function readRuns(path: string): Promise<RunRecord[]> {
  const packed = await Deno.readFile(path).catch((error) => {
    throw fileError(error, `${path}: cannot read`);
  });
  try {
    const text = zstdDecompressSync(packed).toString();
    return text.trimEnd().split("\n").map((line) => JSON.parse(line));
  } catch (error) {
    throw new UserError(`${path} is damaged: ${(error as Error).message}`);
  }
}

/**
 * Writes runs as {@linkcode readRuns} reads them: without what neither tables nor charts show.
 *
 * @throws {UserError} If the file cannot be written.
 */
export async function writeRuns(path: string, records: readonly RunRecord[]): Promise<void> {
  const lines = records.map((record) => JSON.stringify(shortened(record)) + "\n");
  const params = { [constants.ZSTD_c_compressionLevel]: 19 };
  const packed = zstdCompressSync(Buffer.from(lines.join("")), { params });
  await replaceFile(path, (file) => writeAll(file, packed));
}

/**
 * Adds the finished runs of a directory of `deno task compare` to those that are kept. They take the
 * place of those that they make again.
 *
 * @returns The path of the file.
 * @throws {UserError} If there are none, or a file cannot be read or written.
 */
export async function keepRuns(path: string, directory: string): Promise<string> {
  if (!await fileExists(`${directory}/runs`)) {
    throw new UserError(`${directory}: no runs of ${commandOf("compare")}`);
  }
  using store = await RunStore.open(directory);
  const kept = await fileExists(path) ? await readRuns(path) : [];
  const all = new Map([...kept, ...store.records].map((record) => [keyOf(record), record]));
  await writeRuns(path, [...all.values()]);
  return path;
}

/** AGD keeps its name: that of settings which a later version does not have says what they were. */
function shortened(record: RunRecord): RunRecord {
  const { settings, curve, seconds, tokens_per_second, ...rest } = record;
  const { contender } = settings;
  const named = contender.optimizer === "agd"
    ? { ...contender, name: nameOf(contender) }
    : contender;
  return {
    ...rest,
    settings: { ...settings, contender: named },
    curve: curve.map(({ step, tokens, val_loss }) => {
      return { step, tokens, val_loss: round(val_loss, DECIMALS.val_loss) };
    }),
    seconds: round(seconds, DECIMALS.seconds),
    tokens_per_second: round(tokens_per_second, DECIMALS.tokens_per_second),
  };
}

function round(value: number, decimals: number): number {
  return Number(value.toFixed(decimals));
}

function keyOf({ settings, data }: RunRecord): string {
  const { contender, ...others } = settings;
  return JSON.stringify([data, nameOf(contender), Object.entries(others).sort()]);
}
