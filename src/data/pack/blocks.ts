import { UserError } from "../../errors.ts";
import { free } from "../threads/free.ts";
import { type Place, startOf } from "../order/position.ts";
import type { IdChunk } from "../tokenize/tokenize.ts";

/**
 * Sequences that follow each other: the i-th has the inputs `ids[i C .. (i + 1) C)`, for a context
 * of C, and the targets `ids[i C + 1 .. (i + 1) C]`.
 */
export interface Block {
  ids: Uint16Array<ArrayBuffer>;
  /** The number of sequences, at least 1. */
  count: number;
  /** Where the first of them begins. */
  start: Place;
  /** Where the next block begins. */
  next: Place;
}

/**
 * Packs one pass over documents into blocks of `size` sequences, the last one smaller. Sequences run
 * across documents, and each begins with the last id of the one before, so that each id of the pass
 * but its very first is predicted exactly once. What fills no sequence at its end is dropped.
 *
 * @param chunks The documents, from the one on in which the first block begins. Their ids are gone
 * once they are packed.
 * @param start Where it begins.
 * @throws {UserError} If the data has no such place.
 */
export async function* packBlocks(
  chunks: AsyncIterable<IdChunk>,
  context: number,
  size: number,
  start: Place,
): AsyncGenerator<Block> {
  let ids = new Uint16Array(size * context + 1);
  let filled = 0;
  let skip = start.token;
  let isFound = start.line === 0 && skip === 0;
  for await (const { shard, numbers, lengths, ids: all } of chunks) {
    let end = 0;
    for (let i = 0; i < lengths.length; i++) {
      let at = end + skip;
      end += lengths[i];
      isFound ||= shard === start.shard && numbers[i] === start.line && at < end;
      if (!isFound) throw noPlace();
      while (at < end) {
        const part = all.subarray(at, Math.min(end, at + ids.length - filled));
        ids.set(part, filled);
        filled += part.length;
        at += part.length;
        if (filled < ids.length) continue;
        const token = at - 1 - (end - lengths[i]); // the block's last id is the next one's first
        const { epoch, block } = start;
        const next = { epoch, shard, line: numbers[i], token, block: block + 1 };
        yield { ids, count: size, start, next };
        start = next;
        ids = new Uint16Array(ids.length).fill(ids[ids.length - 1], 0, 1);
        filled = 1;
      }
      skip = 0;
    }
    free(all);
  }
  if (!isFound) throw noPlace();
  const count = Math.floor((filled - 1) / context);
  if (count > 0) yield { ids, count, start, next: startOf(start.epoch + 1) };
}

function noPlace(): UserError {
  return new UserError("the data has changed: it lacks the data position to continue from", "DATA");
}
