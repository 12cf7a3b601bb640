import { UserError } from "../errors.ts";
import { BinFile } from "./bin/bin_file.ts";
import { checkGpt2, checkNoFilter, holdTokens } from "./bin/bin_corpus.ts";
import { isValidationFile } from "./bin/bin_windows.ts";
import { readAllDocuments, readTexts } from "./text/reader.ts";
import type { Shard } from "./files/shard.ts";
import { type Split, validationBound } from "./text/split.ts";
import { Tokenizers } from "./tokenize/tokenizers.ts";
import { plain, type Vocabulary } from "../tokens/vocabulary.ts";

/** Which ids of a corpus. */
export interface IdStreamOptions {
  /** The vocabulary that the ids are of. */
  vocabulary: Vocabulary;
  /** The whole corpus, or the part that training or validation has. */
  split: Split | "all";
  /** Leave out documents that say to be in another language than this, e.g. `en`. */
  lang?: string;
  /** Leave out documents of fewer tokens. @default 0 */
  minTokens?: number;
  /** Skip and count lines that cannot be read, instead of failing. @default false */
  skipBad?: boolean;
  /** Called for each bad line that was skipped. */
  onBad?: () => void;
}

/**
 * The model ids of a corpus, once and in order, with `<|endoftext|>` after each document. Files of
 * tokens are given as they are.
 *
 * @throws {UserError} If the data is bad, there are documents to leave out of token files, or only
 * a part is asked for of token files whose names tell of no parts.
 */
export async function* readIds(
  shards: readonly Shard[],
  options: IdStreamOptions,
): AsyncGenerator<ArrayLike<number>> {
  if (holdTokens(shards)) return yield* readBinIds(shards, options);
  const { vocabulary, split, lang, minTokens, skipBad, onBad } = options;
  const part = split === "all"
    ? undefined
    : { split, bound: await validationBound(readAllDocuments(shards, { skipBad }), lang) };
  using tokenizers = new Tokenizers(1, { ...plain(vocabulary), minTokens, part, lang, skipBad });
  const texts = readTexts(shards, { part, lang, skipBad, onBad });
  for await (const { ids } of tokenizers.tokenize(texts, onBad)) yield ids;
}

function* readBinIds(
  shards: readonly Shard[],
  options: IdStreamOptions,
): Generator<ArrayLike<number>> {
  checkNoFilter(options);
  checkGpt2(shards, options.vocabulary);
  const { vocabulary, split } = options;
  if (split !== "all" && !shards.some(({ name }) => isValidationFile(name))) {
    throw new UserError(
      `none of the token files is for validation by its name: there is no ${split} part to evaluate`,
      "DATA",
    );
  }
  for (const shard of shards) {
    if (split !== "all" && isValidationFile(shard.name) !== (split === "validation")) continue;
    using file = BinFile.open(shard);
    for (const chunk of file.chunks()) yield vocabulary.encode(chunk);
  }
}
