import { readDocuments } from "./documents.ts";
import type { Shard } from "./shard.ts";
import { isIn, type Part } from "./split.ts";

/** Texts are handed on in chunks of at least this many characters, but for the last of a shard. */
const CHUNK_LENGTH = 2 ** 18;

/** Documents of one shard that follow each other: those that are wanted. */
export interface TextChunk {
  /** The number of the shard in the order in which they are read. */
  shard: number;
  /** The texts of whole documents, or of pieces of the one document of a `.txt` file. */
  texts: string[];
  /** The number of each document, or piece, in its shard. */
  numbers: number[];
  /** Whether these are pieces. */
  pieces: boolean;
  /** Whether they end the shard. */
  last: boolean;
}

/** Which documents are read, and how. */
export interface ReadOptions {
  /** The part of the corpus; without it the whole. */
  part?: Part;
  /** Leave out documents that say to be in another language, e.g. `en`. */
  lang?: string;
  /** Skip what cannot be read, instead of failing. @default false */
  skipBad?: boolean;
  /** Called for each bad line that was skipped. */
  onBad?: () => void;
  /** Called with numbers of bytes, as they are stored, when they are read. */
  onRead?: (bytes: number) => void;
}

/** Whether a document is wanted that says to be in a language, or does not say. */
export function isInLanguage(lang: string | undefined, its: string | undefined): boolean {
  return lang === undefined || its === undefined || its === lang;
}

/**
 * Reads shards, one after the other.
 *
 * @param from Where to begin. Shards before it are not opened; documents before it are read,
 * to find the next, and dropped.
 * @throws {UserError} On what {@linkcode readDocuments} fails on.
 */
export async function* readTexts(
  shards: readonly Shard[],
  { part, lang, skipBad, onBad, onRead }: ReadOptions,
  from = { shard: 0, document: 0 },
): AsyncGenerator<TextChunk> {
  for (let shard = from.shard; shard < shards.length; shard++) {
    let dropped = shard === from.shard ? from.document : 0;
    const countBad = () => dropped > 0 || onBad?.();
    const empty = (): TextChunk => ({ shard, texts: [], numbers: [], pieces: false, last: false });
    let chunk = empty();
    let length = 0;
    let number = -1;
    const documents = readDocuments(shards[shard], { skipBad, onBad: countBad, onRead });
    for await (const { text, whole, lang: its } of documents) {
      number++;
      if (dropped > 0) {
        dropped--;
        continue;
      }
      if (!isInLanguage(lang, its)) continue;
      if (part && !isIn(part, text)) continue;
      if (length >= CHUNK_LENGTH) {
        yield chunk;
        chunk = empty();
        length = 0;
      }
      chunk.pieces = !whole;
      chunk.texts.push(text);
      chunk.numbers.push(number);
      length += text.length;
    }
    if (chunk.texts.length > 0) yield { ...chunk, last: true };
  }
}
