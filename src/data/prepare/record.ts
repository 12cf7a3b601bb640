import { UserError } from "../../errors.ts";
import { fileError } from "../../files/file_error.ts";
import { readTextIfThere } from "../../files/read_file.ts";
import { BIN_HEADER } from "../bin/bin_file.ts";
import { MOST_TOKENS } from "../bin/bin_writer.ts";
import { isUrl, type Shard } from "../files/shard.ts";
import type { Split } from "../text/split.ts";

/** What decides the tokens of a prepared shard. */
export interface ShardIdentity {
  /** The shard's name without its directory: data may be moved. */
  name: string;
  /** The number of bytes as stored, if known. */
  size?: number;
  /** When its file was changed last, in milliseconds, if it is on disk. */
  modified?: number;
  /** What the server called its state, if it is on one. */
  version?: string;
  /** The column of a Parquet file, if one is named. */
  column?: string;
  /** The language of documents that are not left out, if one is set. */
  lang?: string;
  /** The number of tokens below which documents are left out. */
  minTokens: number;
  /** What divides training and validation documents. */
  validationBound: number;
}

/** What is known of a shard that was prepared: the content of its record. */
export interface ShardRecord {
  of: ShardIdentity;
  /** The number of documents; a `.txt` file is one. */
  documents: number;
  /** The number of tokens of each part; for one without tokens there is no file. */
  tokens: Record<Split, number>;
  /** Bad lines that were skipped. */
  skipped: number;
}

/** The files that a shard becomes; `index` is its number among all shards. */
export class ShardFiles {
  readonly #out: string;
  readonly #number: string;

  /** @param mostTokens Of a file. */
  constructor(out: string, index: number, readonly mostTokens = MOST_TOKENS) {
    this.#out = out;
    this.#number = String(index).padStart(6, "0");
  }

  /**
   * The tokens of a part, named as llm.c names them. What one file cannot hold is in further ones,
   * `tokens_train_000007_01.bin` and so on, all but the last full.
   */
  tokens(split: Split, number = 0): string {
    const further = number === 0 ? "" : `_${String(number).padStart(2, "0")}`;
    const part = split === "training" ? "train" : "val";
    return `${this.#out}/tokens_${part}_${this.#number}${further}.bin`;
  }

  /** Whether the files of a part that has so many tokens are there and have the size. */
  async areWhole(split: Split, tokens: number): Promise<boolean> {
    for (let number = 0, rest = tokens;; number++, rest -= this.mostTokens) {
      const size = await sizeOf(this.tokens(split, number));
      if (rest <= 0) return size === undefined;
      if (size !== BIN_HEADER + 2 * Math.min(rest, this.mostTokens)) return false;
    }
  }

  /** The record, which is written when the tokens are safe: without it they do not count. */
  get record(): string {
    return `${this.#out}/tokens_${this.#number}.json`;
  }
}

/** What the tokens of a shard depend on. */
export async function identifyShard(
  { name, source, size, version, column }: Shard,
  options: Pick<ShardIdentity, "lang" | "minTokens" | "validationBound">,
): Promise<ShardIdentity> {
  const modified = isUrl(source) ? undefined : await modifiedAt(source);
  return { name: name.replace(/^.*[/\\]/, ""), size, modified, version, column, ...options };
}

/** In milliseconds. */
async function modifiedAt(source: string): Promise<number | undefined> {
  try {
    return (await Deno.stat(source)).mtime?.getTime();
  } catch (error) {
    throw fileError(error, `${source}: cannot read`);
  }
}

/**
 * Reads the record of a shard that is done; undefined if it is not.
 *
 * @throws {UserError} If what is there was made from other data or with other options.
 */
export async function readRecord(
  files: ShardFiles,
  of: ShardIdentity,
  skipBad: boolean,
): Promise<ShardRecord | undefined> {
  const text = await readTextIfThere(files.record);
  if (text === undefined) return undefined;
  const record = parse(text);
  if (!record) throw new UserError(`${files.record} is no record of a shard; remove it`, "DATA");
  const differing = (Object.keys({ ...record.of, ...of }) as (keyof ShardIdentity)[])
    .find((key) => record.of[key] !== of[key]);
  if (differing !== undefined || (record.skipped > 0 && !skipBad)) {
    const before = {
      name: `from ${record.of.name}`,
      size: "before its data changed in size",
      modified: "before its data was modified",
      version: "before its data was modified",
      column: `from column ${record.of.column ?? "text"}`,
      validationBound: "with other data beside it",
      minTokens: `with --min-tokens ${record.of.minTokens}`,
      skipped: "with --skip-bad",
      lang: record.of.lang === undefined ? "without --lang" : `with --lang ${record.of.lang}`,
    }[differing ?? "skipped"];
    const isChanged = differing === "size" || differing === "modified" || differing === "version";
    const remedy = isChanged
      ? "remove this record to prepare it again, or choose another --out"
      : "use the same data and options, or another --out";
    throw new UserError(`${files.record}: this shard was prepared ${before}; ${remedy}`, "EXISTS");
  }
  for (const split of ["training", "validation"] as const) {
    if (!await files.areWhole(split, record.tokens[split])) return undefined; // lost in a crash
  }
  return record;
}

function parse(text: string): ShardRecord | undefined {
  try {
    const record: ShardRecord = JSON.parse(text);
    const counts = [record.documents, record.skipped, ...Object.values(record.tokens)];
    const isWhole = counts.length === 4 && counts.every(Number.isInteger);
    // Nothing nested, which might be too deep to be printed.
    const isPlain = Object.values(record.of).every((value) => !(value instanceof Object));
    return isWhole && isPlain && typeof record.of.name === "string" ? record : undefined;
  } catch {
    return undefined;
  }
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await Deno.stat(path)).size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw fileError(error, `${path}: cannot read`);
  }
}
