import { UserError } from "../../errors.ts";
import { BinFile, DocumentCounter, isBin } from "./bin_file.ts";
import type { CountOptions, UsedTokens } from "../order/count.ts";
import type { Shard } from "../files/shard.ts";
import { quote } from "../../quote.ts";
import { TOKEN_COUNT } from "../../tokens/tokenizer.ts";
import type { Vocabulary } from "../../tokens/vocabulary.ts";

/**
 * Whether shards hold tokens, not text.
 *
 * @throws {UserError} If some do and some do not.
 */
export function holdTokens(shards: readonly Shard[]): boolean {
  const bin = shards.find(isBin);
  const text = shards.find((shard) => !isBin(shard));
  if (bin && text) {
    throw new UserError(
      `${bin.name} holds tokens, ${text.name} text: train on the one or the other, or prepare the text`,
      "DATA",
    );
  }
  return bin !== undefined;
}

/** @throws {UserError} If a model has other tokens than GPT-2's, which token files hold. */
export function checkGpt2([{ name }]: readonly Shard[], { tokenizer }: Vocabulary): void {
  if (!tokenizer.own) return;
  throw new UserError(
    `${name} holds GPT-2's tokens, but the model's are its own, ` +
      `${tokenizer.size} with ${quote(tokenizer.endName)} at the end of a document: use text`,
    "DATA",
  );
}

/** @throws {UserError} If documents are to be left out of token files. */
export function checkNoFilter(
  { lang, minTokens = 0 }: { lang?: string; minTokens?: number },
): void {
  if (lang === undefined && minTokens === 0) return;
  throw new UserError(
    "documents of .bin files cannot be left out by language or length; do so when preparing them",
    "DATA",
  );
}

/**
 * Reads a whole corpus of token files once, for its size and tokens. Documents are counted by the
 * `<|endoftext|>` between them.
 *
 * @throws {UserError} On what {@linkcode BinFile} and {@linkcode checkNoFilter} fail on.
 */
export function countBinCorpus(shards: readonly Shard[], options: CountOptions = {}): UsedTokens {
  checkNoFilter(options);
  const seen = new Uint8Array(TOKEN_COUNT);
  let documentCount = 0;
  let tokenCount = 0;
  for (const shard of shards) {
    using file = BinFile.open(shard);
    const documents = new DocumentCounter();
    for (const chunk of file.chunks()) {
      documents.push(chunk);
      for (const token of chunk) seen[token] = 1;
    }
    documentCount += documents.count;
    tokenCount += file.count;
  }
  const tokens = Uint32Array.from(seen.keys().filter((token) => seen[token] === 1));
  return { tokens, documentCount, tokenCount, skipped: 0 };
}
