import { assertEquals, assertRejects } from "@std/assert";
import { type IdStreamOptions, readIds } from "../../src/data/id_stream.ts";
import type { Shard } from "../../src/data/files/shard.ts";
import { encode, END_OF_TEXT } from "../../src/tokens/tokenizer.ts";
import { compactVocabulary, fullVocabulary } from "../../src/tokens/vocabulary.ts";
import { UserError } from "../../src/errors.ts";
import { jsonl, shardsOf, TempDir, texts, tokenFile } from "./fixtures.ts";

const vocabulary = fullVocabulary();

async function idsOf(
  shards: readonly Shard[],
  options: Partial<IdStreamOptions> = {},
): Promise<number[]> {
  const ids: number[] = [];
  const stream = readIds(shards, { vocabulary, split: "all", ...options });
  for await (const chunk of stream) ids.push(...Array.from(chunk));
  return ids;
}

Deno.test("ids of text: documents in order, each with its end", async () => {
  await using temp = new TempDir();
  const shards = shardsOf(await temp.write("a.jsonl", jsonl(["One two.", "Three", "Four."])));
  const documents = ["One two.", "Three", "Four."].map((text) => [...encode(text), END_OF_TEXT]);
  assertEquals(await idsOf(shards), documents.flat());
  assertEquals(await idsOf(shards, { minTokens: 2 }), [documents[0], documents[2]].flat());
  const compact = compactVocabulary(encode("One two. Four."));
  assertEquals(
    await idsOf(shards, { vocabulary: compact }),
    documents.flatMap((tokens) => [...compact.encode(tokens)]),
  );
});

Deno.test("ids of text: training and validation have all of it between them", async () => {
  await using temp = new TempDir();
  const shards = shardsOf(await temp.write("a.jsonl", jsonl(texts(60, 5))));
  const [all, training, validation] = [
    await idsOf(shards),
    await idsOf(shards, { split: "training" }),
    await idsOf(shards, { split: "validation" }),
  ];
  assertEquals(all.length, training.length + validation.length);
  assertEquals(validation.filter((id) => id === END_OF_TEXT).length, 3); // 1 in 20
});

Deno.test("ids of token files: as they are, and in parts by their names", async () => {
  await using temp = new TempDir();
  const shards = [
    await tokenFile(temp, "a_train_0.bin", 1, 5),
    await tokenFile(temp, "a_val_0.bin", 300, 302),
  ];
  assertEquals(await idsOf(shards), [1, 2, 3, 4, 5, 300, 301, 302]);
  assertEquals(await idsOf(shards, { split: "training" }), [1, 2, 3, 4, 5]);
  assertEquals(await idsOf(shards, { split: "validation" }), [300, 301, 302]);
  const compact = compactVocabulary([]);
  assertEquals(
    await idsOf(shards.slice(1), { vocabulary: compact }),
    [...compact.encode([300, 301, 302])],
  );
  await assertRejects(
    () => idsOf(shards.slice(0, 1), { split: "validation" }),
    UserError,
    "none of the token files is for validation by its name: there is no validation part",
  );
  await assertRejects(() => idsOf(shards, { lang: "en" }), UserError, ".bin files");
});
