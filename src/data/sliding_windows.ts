/** A window of a text, and which of its tokens are predicted in it and in no other. */
export interface SlidingWindow {
  /** (context + 1) ids: inputs and, one further, their targets. A last one is filled up with 0. */
  ids: Uint32Array;
  /** The first target that counts. */
  first: number;
  /** The one after the last target that counts. */
  end: number;
}

/**
 * Windows of context + 1 ids, each `stride` ids after the one before. Every id but the very first is
 * the target of exactly one window that counts it: in the first window all targets count, in later
 * ones the last `stride`, which have at least context - stride ids before them in the window. The
 * last window may have fewer.
 *
 * @param chunks The ids, in arrays of any length.
 * @param stride From 1 to `context`.
 */
export async function* slidingWindows(
  chunks: AsyncIterable<ArrayLike<number>>,
  context: number,
  stride: number,
): AsyncGenerator<SlidingWindow> {
  let ids = new Uint32Array(context + 1);
  let filled = 0;
  let known = 1; // ids that need no prediction: of the window before, or the very first
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; at++) {
      ids[filled++] = chunk[at];
      if (filled < ids.length) continue;
      yield { ids, first: known - 1, end: context };
      known = ids.length - stride;
      const next = new Uint32Array(ids.length);
      next.set(ids.subarray(stride));
      ids = next;
      filled = known;
    }
  }
  if (filled > known) yield { ids: ids.fill(0, filled), first: known - 1, end: filled - 1 };
}
