/**
 * Writes the sample corpus beside this file and prints its sizes:
 *
 *     deno run --allow-read --allow-write data/generate.ts [--seed N]
 */
import { constants, zstdCompressSync } from "node:zlib";
import { encode } from "gpt-tokenizer/r50k_base";
import { corpus, jsonLines, SHARDS } from "./generator/corpus.ts";

/** The seed of the shards in the repository. */
export const SEED = 2005;

function seedFrom(args: readonly string[]): number {
  if (args.length === 0) return SEED;
  const seed = Number(args[1]);
  if (args.length === 2 && args[0] === "--seed" && Number.isSafeInteger(seed)) return seed;
  console.error("usage: deno run --allow-read --allow-write data/generate.ts [--seed N]");
  Deno.exit(2);
}

function generate(seed: number): void {
  let documents = 0, characters = 0, tokens = 0, bytes = 0;
  const distinctTokens = new Set<number>();
  const distinctWords = new Set<string>();
  for (const shard of corpus(seed)) {
    const name = SHARDS[documents / shard.length];
    const compressed = zstdCompressSync(jsonLines(shard), {
      params: { [constants.ZSTD_c_compressionLevel]: 19 },
    });
    Deno.writeFileSync(new URL(`${name}.jsonl.zst`, import.meta.url), compressed);
    bytes += compressed.length;
    documents += shard.length;
    for (const { text } of shard) {
      const ids = encode(text);
      characters += text.length;
      tokens += ids.length;
      for (const id of ids) distinctTokens.add(id);
      for (const word of text.toLowerCase().match(/[a-z]+/g) ?? []) distinctWords.add(word);
    }
  }
  const rows: Array<[string, number]> = [
    ["documents", documents],
    ["characters", characters],
    ["distinct words", distinctWords.size],
    ["GPT-2 tokens", tokens],
    ["distinct GPT-2 tokens", distinctTokens.size],
    ["compressed bytes", bytes],
  ];
  for (const [label, count] of rows) console.log(`${label}: ${count.toLocaleString("en-US")}`);
}

if (import.meta.main) generate(seedFrom(Deno.args));
