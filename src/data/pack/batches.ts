import { formatOf } from "../files/format.ts";
import { UserError } from "../../errors.ts";
import { oneAhead } from "../tokenize/ahead.ts";
import { free } from "../threads/free.ts";
import { type BatchOptions, type PositionedBatch, toBatch } from "../order/batch.ts";
import { Permutation } from "../order/permutation.ts";
import { readBlocks } from "./passes.ts";
import { checkPosition, identify, startOf } from "../order/position.ts";
import { PIECE_LENGTH } from "../text/pieces.ts";
import { readAllDocuments } from "../text/reader.ts";
import { shuffleDocuments } from "../order/shuffle.ts";
import { validationBound } from "../text/split.ts";
import { plain } from "../../tokens/vocabulary.ts";
import { Tokenizers } from "../tokenize/tokenizers.ts";

/** Tokens that are shuffled together: 2 MB, some 1,000 documents. */
const SHUFFLED = 2 ** 20;

/** Tokens in a block that stays in order: not many, since it is only for use once it is whole. */
const UNSHUFFLED = 2 ** 14;

/**
 * The whole way from shards to batches: documents are read, tokenized and packed into blocks of
 * sequences, one block ahead of their use.
 *
 * Training goes over its part of the data for ever. In each pass the shards come in a random order.
 * In each block of about a million tokens so do the documents, before they are cut into sequences,
 * and then the sequences. All three orders depend on nothing but the seed and the numbers of the pass
 * and the block. What fills no batch at the end of a pass goes into the next one's first.
 *
 * Validation is one pass in the order of the data; what fills no batch at its end is dropped. If
 * that would leave nothing, because the part has fewer sequences than one batch, they are repeated
 * to make up one batch: their weights in its mean loss then differ by one repetition at most.
 *
 * @throws {UserError} On what {@linkcode readDocuments} fails on, if the part of the corpus is shorter
 * than one sequence and the token after it, if there is but one document and so no validation part,
 * and if the position is none of this stream.
 */
export async function* readBatches(options: BatchOptions): AsyncGenerator<PositionedBatch> {
  const { context, batch, split, seed, vocabulary, position, minTokens = 0 } = options;
  const shuffle = split === "training" && (options.shuffle ?? true);
  const of = identify(options.shards, vocabulary, { ...options, shuffle, minTokens });
  if (position) checkPosition(position, of);
  const bound = position?.validationBound ?? await findBound(options);
  const { lang, skipBad } = options;
  const wanted = { part: { split, bound }, lang, minTokens, skipBad };
  using tokenizers = new Tokenizers(options.workers ?? 1, { ...wanted, ...plain(vocabulary) });
  const { blockTokens = shuffle ? SHUFFLED : UNSHUFFLED } = options;
  const pass = { ...options, shuffle, blockTokens, bound, tokenizers };
  const blocks = oneAhead(readBlocks(pass, position));
  let sequence = position?.sequence ?? 0; // of the block
  let rows: Uint16Array[] = [];
  let given = 0;
  for await (const { ids, count, start, next } of blocks) {
    const key = [seed, start.epoch, start.block];
    if (shuffle) {
      const used = ids.subarray(0, count * context + 1);
      shuffleDocuments(used, vocabulary.endOfText, ...key, "documents");
    }
    const order = shuffle ? new Permutation(count, ...key) : undefined;
    for (; sequence < count; sequence++) {
      const at = (order?.at(sequence) ?? sequence) * context;
      rows.push(ids.subarray(at, at + context + 1));
      if (rows.length < batch) continue;
      const place = sequence + 1 < count
        ? { ...start, sequence: sequence + 1 }
        : { ...next, sequence: 0 };
      given++;
      yield {
        ...toBatch(rows, context, start.epoch),
        position: { of, validationBound: bound, ...place },
      };
      rows = [];
    }
    sequence = 0;
    rows = rows.map((row) => row.slice());
    free(ids);
  }
  if (given > 0 || position) return;
  const repeated = Array.from({ length: batch }, (_, row) => rows[row % rows.length]);
  const end = { of, validationBound: bound, ...startOf(1), sequence: 0 };
  yield { ...toBatch(repeated, context, 0), position: end };
}

/** How the corpus is split, see {@linkcode validationBound}. */
async function findBound({ shards, split, lang, skipBad }: BatchOptions): Promise<number> {
  const bound = await validationBound(readAllDocuments(shards, { skipBad }), lang);
  if (split === "training" || bound > 0) return bound;
  const isText = shards.every(({ name }) => formatOf(name)?.content === "txt");
  throw new UserError(
    isText
      ? `the text is one passage, of up to ${PIECE_LENGTH.toLocaleString("en")} characters, and ` +
        "one is needed for validation: add text, or do without with --eval-batches 0"
      : "the corpus has no two different documents, one of them for validation; " +
        "add documents, or give it as a .txt file, which is split by passages",
    "DATA",
  );
}
