import type { HttpOptions } from "../../http/options.ts";
import { DataError } from "../files/data_error.ts";
import type { Shard } from "../files/shard.ts";
import { type Chunk, findColumn } from "./column.ts";
import { readFooter } from "./footer.ts";
import { readPages } from "./pages.ts";
import type { TextRows } from "./text_rows.ts";

/** How to read a column of texts. */
export interface RowOptions {
  /** The number of the first row that is wanted: what comes before need not be read. @default 0 */
  first?: number;
  /** Skip the rest of a row group that is damaged, or the file, instead of failing. */
  skipBad?: boolean;
  /** Called for each. */
  onBad?: () => void;
  /** Called with numbers of bytes, which add up to the file's size, when they need no more reading. */
  onRead?: (bytes: number) => void;
  /** For files on servers. */
  http?: HttpOptions;
}

/**
 * Reads the shard's column of texts, page by page.
 *
 * @throws {UserError} If the file cannot be read, or has no such column of texts.
 * @throws {DataError} If it is damaged, unless that is to be skipped.
 */
export async function* readRows(shard: Shard, options: RowOptions): AsyncGenerator<TextRows> {
  const { first = 0, onRead, http } = options;
  let chunks: Chunk[] = [];
  try {
    chunks = findColumn(shard.name, await readFooter(shard, http), shard.column);
  } catch (error) {
    skip(error, options);
  }
  const rows = chunks.reduce((sum, chunk) => sum + chunk.rows, 0);
  let read = 0;
  const report = (rowsRead: number) => {
    const bytes = Math.round(shard.size! * rowsRead / rows) - read;
    read += bytes;
    onRead?.(bytes);
  };
  for (const chunk of chunks) {
    const end = chunk.first + chunk.rows;
    try {
      if (end > first) {
        for await (const rows of readPages(shard, chunk, first, http)) {
          yield rows;
          report(rows.number + rows.ends.length);
        }
      }
    } catch (error) {
      skip(error, options);
    }
    if (chunk.rows > 0) report(end);
  }
}

/** Counts what is bad, or throws it. */
function skip(error: unknown, { skipBad, onBad }: RowOptions): void {
  if (!skipBad || !(error instanceof DataError)) throw error;
  onBad?.();
}
