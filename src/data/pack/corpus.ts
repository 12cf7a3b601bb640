import { UserError } from "../../errors.ts";
import { free } from "../threads/free.ts";
import type { CountOptions, UsedTokens } from "../order/count.ts";
import { readTexts } from "../text/reader.ts";
import type { Shard } from "../files/shard.ts";
import { END_OF_TEXT, TOKEN_COUNT } from "../../tokens/tokenizer.ts";
import { Tokenizers } from "../tokenize/tokenizers.ts";

/**
 * Reads a whole corpus once, both parts of it, for its size and tokens.
 *
 * @throws {UserError} If it has no document, and on what {@linkcode readTexts} fails on.
 */
export async function countCorpus(
  shards: readonly Shard[],
  { lang, skipBad, minTokens, workers = 1 }: CountOptions = {},
): Promise<UsedTokens> {
  const count = { documentCount: 0, tokenCount: 0, skipped: 0 };
  const seen = new Uint8Array(TOKEN_COUNT);
  const onBad = () => count.skipped++;
  const texts = readTexts(shards, { lang, skipBad, onBad });
  using tokenizers = new Tokenizers(workers, { lang, skipBad, minTokens });
  for await (const { ids } of tokenizers.tokenize(texts, onBad)) {
    count.tokenCount += ids.length;
    for (const token of ids) {
      seen[token] = 1;
      if (token === END_OF_TEXT) count.documentCount++;
    }
    free(ids);
  }
  if (count.documentCount === 0) {
    const filters = [
      ...(lang === undefined ? [] : [` in language ${lang}`]),
      ...(minTokens ? [` of ${minTokens} tokens or more`] : []),
    ];
    throw new UserError(`there is no text${filters.join("")} in the data`, "DATA");
  }
  const tokens = Uint32Array.from(seen.keys().filter((token) => seen[token] === 1));
  return { tokens, ...count };
}
