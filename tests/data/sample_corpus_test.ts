import { assert, assertEquals } from "@std/assert";
import { zstdDecompressSync } from "node:zlib";
import { SEED } from "../../data/generate.ts";
import { corpus, type CorpusDocument, jsonLines, SHARDS } from "../../data/generator/corpus.ts";
import { polish } from "../../data/generator/morphology.ts";

function committed(shard: string): string {
  const path = new URL(`../../data/${shard}.jsonl.zst`, import.meta.url);
  return zstdDecompressSync(Deno.readFileSync(path)).toString();
}

Deno.test("the shards in data/ are what the generator writes", () => {
  const generated = [...corpus(SEED)].map(jsonLines);
  assertEquals(generated.length, SHARDS.length);
  for (const [i, shard] of SHARDS.entries()) {
    assert(
      generated[i] === committed(shard),
      `${shard}: run data/generate.ts and commit the shards`,
    );
  }
});

Deno.test("another seed writes another corpus", () => {
  const first = (seed: number) => corpus(seed).next().value as CorpusDocument[];
  const texts = new Set(first(SEED).map(({ text }) => text));
  assertEquals(first(SEED + 1).filter(({ text }) => texts.has(text)), []);
});

Deno.test("documents have OpenWebText2's layout and are clean text", () => {
  for (const shard of SHARDS) {
    for (const line of committed(shard).trimEnd().split("\n")) {
      const { text, meta }: CorpusDocument = JSON.parse(line);
      assert(text.length >= 200 && text.length <= 3000, meta.url);
      assertEquals(Object.keys(meta), ["title", "lang", "url", "word_count"]);
      assert(/^[\x20-\x7e\n]+$/.test(text), `${meta.url}: only printable ASCII`);
      assert(
        !/[<>[\]{}|@]|undefined| {2}| [,.;:?!]/.test(text),
        `${meta.url}: unexpanded or untidy`,
      );
    }
  }
});

Deno.test("polish puts articles, capitals and spaces right", () => {
  assertEquals(
    polish('a  owl met a ewe. it said , "a hour is a useful thing." she sang'),
    'An owl met a ewe. It said, "an hour is a useful thing." She sang',
  );
});
