import { BinFile, isBin } from "./bin/bin_file.ts";
import { checkNoFilter } from "./bin/bin_corpus.ts";
import { readDocuments } from "./text/documents.ts";
import { isWanted } from "./text/reader.ts";
import type { Shard } from "./files/shard.ts";
import type { DocumentOptions } from "./text/block.ts";
import { TokenBuffer } from "../tokens/token_buffer.ts";
import { encodeTo, END_OF_TEXT, TOKEN_COUNT, tokenBytes } from "../tokens/tokenizer.ts";

/** The most tokens of an example that are kept. */
const KEPT = 256;

/** What data holds. */
export interface Inspection {
  documents: number;
  /** Unicode code points. */
  characters: number;
  /** Of the text, as UTF-8. */
  bytes: number;
  /** With one `<|endoftext|>` a document. */
  tokens: number;
  /** How many of GPT-2's tokens occur. */
  distinctTokens: number;
  /** The number of documents in each language that documents say to be in; "" if they do not. */
  languages: Record<string, number>;
  /** Element k is the number of documents of 2^k to 2^(k+1) - 1 tokens, without `<|endoftext|>`. */
  lengths: number[];
  /** Bad lines that were skipped. */
  skipped: number;
  /** Whether it is all of the data. */
  complete: boolean;
  /** The first documents. */
  examples: Example[];
}

/** A document to look at. */
export interface Example {
  file: string;
  /** The line on which it begins, or the row, from 1; of tokens there is none. */
  line?: number;
  /** The language that it says to be in. */
  lang?: string;
  /** How many tokens it has, without `<|endoftext|>`. */
  length: number;
  /** The first 256 of them. */
  tokens: number[];
}

/** How to look at data. */
export interface InspectOptions {
  /** Stop after so many documents. @default all */
  limit?: number;
  /** How many documents to give as examples. @default 3 */
  examples?: number;
  /** Leave out documents that say to be in another language than this, e.g. `en`. */
  lang?: string;
  /** Leave out documents of fewer tokens; not `.txt` files. @default 0 */
  minTokens?: number;
  /** Skip and count what cannot be read, instead of failing. @default false */
  skipBad?: boolean;
  /** Called with numbers of bytes as they are read. */
  onRead?: (bytes: number) => void;
}

/**
 * Reads data, text or tokens, for what is in it.
 *
 * @throws {UserError} On what {@linkcode readDocuments} and {@linkcode BinFile} fail on, and if
 * documents of token files are to be left out.
 */
export async function inspect(
  shards: readonly Shard[],
  { limit = Infinity, examples = 3, lang, minTokens, skipBad, onRead }: InspectOptions = {},
): Promise<Inspection> {
  const tally = new Tally(examples);
  const { result } = tally;
  if (shards.some(isBin)) checkNoFilter({ lang, minTokens });
  const text = { lang, minTokens, skipBad, onRead, onBad: () => result.skipped++ };
  for (const shard of shards) {
    const pieces = isBin(shard) ? readBinPieces(shard, onRead) : readTextPieces(shard, text);
    for await (const piece of pieces) {
      if (result.documents >= limit) return tally.finish(false);
      tally.add(piece);
    }
  }
  return tally.finish(true);
}

/** A document, or a part of one. */
interface TokenPiece {
  /** Without `<|endoftext|>`; valid until the next piece is asked for. */
  tokens: Uint16Array;
  file: string;
  line?: number;
  lang?: string;
  /** Whether it ends the document. */
  last: boolean;
}

const NONE = new Uint16Array();

async function* readTextPieces(
  shard: Shard,
  { lang, minTokens = 0, ...options }: DocumentOptions & Pick<InspectOptions, "lang" | "minTokens">,
): AsyncGenerator<TokenPiece> {
  const file = shard.name;
  const tokens = new TokenBuffer();
  let isOpen = false;
  for await (const document of readDocuments(shard, options)) {
    if (!isWanted({ lang }, document)) continue;
    const { text, line, lang: its, whole } = document;
    tokens.length = 0;
    encodeTo(text, tokens);
    if (whole && tokens.length < minTokens) continue;
    yield { tokens: tokens.from(0), file, line, lang: its, last: whole };
    isOpen = !whole;
  }
  if (isOpen) yield { tokens: NONE, file, last: true };
}

function* readBinPieces(shard: Shard, onRead?: (bytes: number) => void): Generator<TokenPiece> {
  using bin = BinFile.open(shard);
  const file = shard.name;
  let isOpen = false;
  for (const chunk of bin.chunks()) {
    onRead?.(chunk.byteLength);
    for (let at = 0; at < chunk.length;) {
      const found = chunk.indexOf(END_OF_TEXT, at);
      const last = found >= 0;
      const tokens = chunk.subarray(at, last ? found : chunk.length);
      at += tokens.length + 1;
      if (tokens.length === 0 && !isOpen) continue; // between documents, or before the first
      yield { tokens, file, last };
      isOpen = !last;
    }
  }
  if (isOpen) yield { tokens: NONE, file, last: true };
}

/** A character begins with each byte of UTF-8 but those of the form 10xxxxxx. */
function countCharacters(bytes: Uint8Array): number {
  return bytes.reduce((count, byte) => count + Number((byte & 0xc0) !== 0x80), 0);
}

class Tally {
  readonly result: Inspection = {
    documents: 0,
    characters: 0,
    bytes: 0,
    tokens: 0,
    distinctTokens: 0,
    languages: {},
    lengths: [],
    skipped: 0,
    complete: false,
    examples: [],
  };
  /** How often each token occurs. */
  readonly #counts = new Float64Array(TOKEN_COUNT);
  readonly #languages = new Map<string, number>();
  #document: Example | undefined;

  constructor(readonly examples: number) {}

  add({ tokens, last, ...origin }: TokenPiece): void {
    const { result } = this;
    const document = this.#document ??= { ...origin, length: 0, tokens: [] };
    for (let i = 0; i < tokens.length; i++) this.#counts[tokens[i]]++;
    if (result.documents < this.examples) {
      const room = KEPT - document.tokens.length;
      document.tokens.push(...tokens.subarray(0, room));
    }
    document.length += tokens.length;
    if (last) this.#end(document);
  }

  #end(document: Example): void {
    const { result } = this;
    const { lang = "", length } = document;
    this.#counts[END_OF_TEXT]++;
    this.#languages.set(lang, (this.#languages.get(lang) ?? 0) + 1);
    const bucket = 31 - Math.clz32(length);
    while (result.lengths.length <= bucket) result.lengths.push(0);
    result.lengths[bucket]++;
    if (result.documents < this.examples) result.examples.push(document);
    result.documents++;
    this.#document = undefined;
  }

  finish(complete: boolean): Inspection {
    const sums = { characters: 0, bytes: 0, tokens: 0, distinctTokens: 0 };
    this.#counts.forEach((count, token) => {
      if (count === 0) return;
      sums.tokens += count;
      sums.distinctTokens++;
      if (token === END_OF_TEXT) return;
      const bytes = tokenBytes(token);
      sums.bytes += count * bytes.length;
      sums.characters += count * countCharacters(bytes);
    });
    return { ...this.result, ...sums, complete, languages: Object.fromEntries(this.#languages) };
  }
}
