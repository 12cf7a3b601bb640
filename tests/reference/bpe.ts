/**
 * GPT-2's tokenizer as published (Radford et al. 2019), written to be read: its steps one by one,
 * with the time for a word growing as the square of its length. Only its table of tokens is taken
 * from elsewhere.
 */
import ranks from "gpt-tokenizer/r50k_base_ranks";

/** The published expression. Its `\s` is Unicode's white space, which is not JavaScript's `\s`. */
const WORDS = new RegExp(
  String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
    .replaceAll("[^\\s", "[^\\p{White_Space}")
    .replaceAll("\\s", "\\p{White_Space}").replaceAll("\\S", "\\P{White_Space}"),
  "gu",
);

/**
 * The character that stands for each byte: itself if it can be seen, or else one of those from
 * U+0100 on, in order.
 */
const characterOfByte: string[] = [];
for (let byte = 0, unseen = 0; byte < 256; byte++) {
  const isSeen = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
  characterOfByte.push(String.fromCharCode(isSeen ? byte : 256 + unseen++));
}

/** A word's bytes as these characters. */
export const toCharacters = (bytes: ArrayLike<number>) =>
  Array.from(bytes, (byte) => characterOfByte[byte]);

/** The rank of each token's characters. */
const rankOf = new Map<string, number>();
ranks.forEach((entry, rank) => {
  const bytes = typeof entry === "string" ? new TextEncoder().encode(entry) : entry;
  rankOf.set(toCharacters(bytes).join(""), rank);
});

/** GPT-2's: the rank of the pair is that of what it becomes. */
const gpt2Rank = (left: string, right: string) => rankOf.get(left + right);

/** Joins the pair of the lowest rank, wherever it occurs, until no pair has a rank. */
function mergeWord(
  characters: string[],
  rankOf: (left: string, right: string) => number | undefined,
): string[] {
  for (let parts = characters;;) {
    let best: [string, string] | undefined;
    let least = Infinity;
    for (let i = 0; i + 1 < parts.length; i++) {
      const rank = rankOf(parts[i], parts[i + 1]) ?? Infinity;
      if (rank < least) [best, least] = [[parts[i], parts[i + 1]], rank];
    }
    if (!best) return parts;
    const merged: string[] = [];
    for (let i = 0; i < parts.length; i++) {
      if (parts[i] === best[0] && parts[i + 1] === best[1]) merged.push(parts[i] + parts[++i]);
      else merged.push(parts[i]);
    }
    parts = merged;
  }
}

/** GPT-2's tokens of a text. */
export function encodeReference(text: string): number[] {
  const words = text.match(WORDS) ?? [];
  return words.flatMap((word) => {
    const characters = toCharacters(new TextEncoder().encode(word));
    return mergeWord(characters, gpt2Rank).map((part) => rankOf.get(part)!);
  });
}

/** The names of the tokens of a text by some other pairs, as the lines of a merges.txt have them. */
export function encodeByPairs(text: string, pairs: readonly string[]): string[] {
  const ranks = new Map(pairs.map((pair, rank) => [pair, rank]));
  const rankOf = (left: string, right: string) => ranks.get(`${left} ${right}`);
  return (text.match(WORDS) ?? []).flatMap((word) =>
    mergeWord(toCharacters(new TextEncoder().encode(word)), rankOf)
  );
}
