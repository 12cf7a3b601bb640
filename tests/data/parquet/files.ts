import { fromFileUrl } from "@std/path";
import type { Shard } from "../../../src/data/files/shard.ts";

/** The path of a file that `files/make.py` wrote. */
export function parquetFile(name: string): string {
  return fromFileUrl(new URL(`./files/${name}.parquet`, import.meta.url));
}

/** It as a shard. */
export function parquetShard(name: string, column?: string): Shard {
  const source = parquetFile(name);
  return { name: source, source, size: Deno.statSync(source).size, column };
}

/** What the files have in each row of their column `text`, as `files/make.py` has it. */
export const ROWS = Array.from({ length: 25 }, (_, row) => {
  if (row % 7 === 3) return null;
  if (row === 5) return "";
  return `Row ${row}: ${"the moon, 月と海 🌙, ".repeat(row % 5)}end.\nA second line.`;
});

/** The files that have them, each written with other options. */
export const WRITTEN = [
  "pyarrow_dictionary_snappy",
  "pyarrow_v2_zstd",
  "pyarrow_lengths_gzip",
  "pyarrow_v2_prefixes_none",
  "pyarrow_fallback_brotli",
  "duckdb_snappy",
  "duckdb_zstd",
];

/** The same rows as JSON lines, a blank one for null. */
export const AS_JSONL = ROWS.map((text) => text === null ? "\n" : JSON.stringify(text) + "\n")
  .join("");
