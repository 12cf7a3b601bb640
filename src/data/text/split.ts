import { hash } from "node:crypto";

/** The two parts of a corpus. */
export type Split = "training" | "validation";

/** The part of a large corpus that is held out for validation. */
const VALIDATION = 1 / 20;

/** A corpus of at most this many documents is small. */
const SMALL = 1000;

/** The number of documents after which no rare ones are waited for: some 400 MB of OpenWebText2. */
const MOST = 100_000;

/**
 * How to split a corpus: a document is for validation if the hash of its text is below the
 * returned bound, else for training. Neither shard order nor the other documents matter, and
 * copies of a document stay together. The pieces of a `.txt` file count as documents here.
 *
 * For a large corpus the bound lets 1 in 20 pass. In a small one, of up to 1,000 documents, that
 * could be none at all, so the bound is set for exactly 1 in 20 (rounded up) to pass: each part
 * has a document if the corpus has two different ones. Of a single document, which is for
 * training, the bound is 0.
 *
 * Reads no further than to the 1,001st document; with a language that is rare, no further than to
 * the 100,000th of any language if there are two different ones in it before, which then decide.
 *
 * @param lang Only documents count that say to be in this language, or do not say.
 */
export async function validationBound(
  documents: AsyncIterable<{ text: string; lang?: string }>,
  lang?: string,
): Promise<number> {
  let count = 0;
  const distinct = new Set<number>();
  let read = 0;
  for await (const document of documents) {
    read++;
    if (isInLanguage(lang, document.lang)) {
      if (++count > SMALL) return VALIDATION * 2 ** 32;
      distinct.add(hash32(document.text));
    }
    if (read >= MOST && distinct.size > 1) break;
  }
  const ascending = [...distinct].sort((a, b) => a - b);
  return ascending.length < 2 ? 0 : ascending[Math.ceil(ascending.length * VALIDATION)];
}

/** One part of a corpus. */
export interface SplitPart {
  split: Split;
  /** {@linkcode validationBound}'s result for the corpus. */
  bound: number;
}

/** Whether a document is wanted that says to be in a language, or does not say. */
export function isInLanguage(wanted: string | undefined, its: string | undefined): boolean {
  return wanted === undefined || its === undefined || its === wanted;
}

/** Whether a document with this text is of the part. */
export function isIn({ split, bound }: SplitPart, text: string): boolean {
  return (hash32(text) < bound) === (split === "validation");
}

/** The first 32 bits of the text's SHA-256. */
function hash32(text: string): number {
  return parseInt(hash("sha256", text).slice(0, 8), 16);
}
