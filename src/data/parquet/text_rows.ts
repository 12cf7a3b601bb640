/** Texts of rows that follow each other. */
export interface TextRows {
  /** The number of the first one in the file, from 0. */
  number: number;
  /** The texts as UTF-8, one after the other, at the beginning of a buffer of their own. */
  bytes: Uint8Array<ArrayBuffer>;
  /** Where the text of each row ends in them; one without text ends where the row before does. */
  ends: Uint32Array<ArrayBuffer>;
}

/** Texts are gathered to this many bytes, if there are as many, and to no more rows than this. */
const BLOCK = 2 ** 18;

/**
 * Gathers texts to blocks, so that few objects stand for many rows.
 *
 * @param first The number of the first row in the file.
 * @param texts A text for each row; undefined for none. Each is copied before the next is taken.
 */
export function* packTexts(
  first: number,
  texts: Iterable<Uint8Array | undefined>,
): Generator<TextRows> {
  let block = new Uint8Array(BLOCK);
  let ends: number[] = [];
  let length = 0;
  const take = (): TextRows => {
    const rows = {
      number: first,
      bytes: block.subarray(0, length),
      ends: Uint32Array.from(ends),
    };
    first += ends.length;
    block = new Uint8Array(BLOCK);
    ends = [];
    length = 0;
    return rows;
  };
  for (const text of texts) {
    const size = text?.length ?? 0;
    const isFull = length + size > block.length || ends.length === BLOCK;
    if (isFull && ends.length > 0) yield take();
    if (size > block.length) block = new Uint8Array(size);
    if (text) block.set(text, length);
    length += size;
    ends.push(length);
  }
  if (ends.length > 0) yield take();
}
