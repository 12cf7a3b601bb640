import { free } from "../threads/free.ts";
import { Permutation } from "./permutation.ts";

/**
 * Puts the documents of a block in another order: those that begin and end in it. What is before the
 * first of them, the end of a document that began in the block before, stays at the beginning, and
 * what is after the last, which goes on in the next block, at the end. So the text of each
 * document stays as it was, though it be in two blocks.
 *
 * @param ids Model ids, with one that ends each document.
 * @param endOfText That id.
 * @param key Decides the order, see {@linkcode Permutation}.
 */
export function shuffleDocuments(
  ids: Uint16Array,
  endOfText: number,
  ...key: readonly (number | string)[]
): void {
  const ends: number[] = []; // behind each `endOfText`
  for (let at = 0; (at = ids.indexOf(endOfText, at) + 1) > 0;) ends.push(at);
  const source = ids.slice();
  let filled = ends[0];
  for (const document of new Permutation(Math.max(0, ends.length - 1), ...key)) {
    const text = source.subarray(ends[document], ends[document + 1]);
    ids.set(text, filled);
    filled += text.length;
  }
  free(source);
}
