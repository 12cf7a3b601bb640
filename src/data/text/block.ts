import type { HttpOptions } from "../../http/options.ts";
import type { TextRows } from "../parquet/text_rows.ts";

/** Lines of JSON that follow each other in a file, not yet looked into. */
export interface Lines {
  file: string;
  /** The number of the first one in the file, from 1. */
  line: number;
  /** The number of the first one in the shard, from 0. */
  number: number;
  /** Where it begins in what the file holds, unpacked, in bytes. */
  offset: number;
  /** How many they are. */
  count: number;
  /** Each with its end, but perhaps the last. */
  bytes: Uint8Array<ArrayBuffer>;
  /** The most bytes that a line may have. */
  maxLineBytes: number;
}

/** Pieces of a `.txt` file that follow each other. */
export interface Pieces {
  file: string;
  pieces: Piece[];
}

/** A piece of a `.txt` file. */
export interface Piece {
  text: string;
  /** The number of the line on which it begins, from 1. */
  line: number;
  /** Its number in the file, which is the shard, from 0. */
  number: number;
}

/** Texts of a table's rows that follow each other. */
export interface Rows extends TextRows {
  file: string;
  /** The most bytes that a text may have. */
  maxLineBytes: number;
}

/** What is read of a file at a time. */
export type TextBlock = Lines | Pieces | Rows;

/** How to treat what cannot be read. */
export interface DocumentOptions {
  /**
   * Skip lines that are no document, and what follows damage to a file, instead of failing. In a
   * `.txt` file, bytes that are not UTF-8 become U+FFFD.
   * @default false
   */
  skipBad?: boolean;
  /** Called for each line that was skipped; a damaged file counts as one, a file with bad bytes too. */
  onBad?: () => void;
  /** Called with numbers of bytes, as they are stored, when they are read. */
  onRead?: (bytes: number) => void;
  /** The most bytes of a line of JSON, or of a row's text; a longer one is bad. @default 64 MiB */
  maxLineBytes?: number;
  /** The number of the first line or row that is wanted: rows before it need not be read. @default 0 */
  first?: number;
  /** For shards on servers. */
  http?: HttpOptions;
}
