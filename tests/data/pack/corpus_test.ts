import { assertEquals, assertRejects } from "@std/assert";
import { countCorpus } from "../../../src/data/pack/corpus.ts";
import { encode, END_OF_TEXT } from "../../../src/tokens/tokenizer.ts";
import { UserError } from "../../../src/errors.ts";
import { frame, jsonl, shardsOf, TempDir, texts } from "../fixtures.ts";

Deno.test("countCorpus counts the documents and tokens of all files", async () => {
  await using dir = new TempDir();
  const documents = texts(5, 10);
  const long = "a line of plain text\n".repeat(1000); // in several pieces
  const files = [
    await dir.write("a.jsonl.zst", frame(jsonl(documents))),
    await dir.write("b.jsonl", "bad\n" + jsonl(["one more"])),
    await dir.write("c.txt", long),
  ];
  const count = await countCorpus(shardsOf(...files), { skipBad: true });
  const tokens = [...documents, "one more", long].flatMap(encode);
  assertEquals(count.documentCount, 7);
  assertEquals(count.tokenCount, tokens.length + 7);
  assertEquals(count.skipped, 1);
  assertEquals(
    [...count.tokens],
    [...new Set([...tokens, END_OF_TEXT])].sort((a, b) => a - b),
  );
  await assertRejects(() => countCorpus(shardsOf(...files)), UserError, `${files[1]}:1: not JSON`);
});

Deno.test("countCorpus fails if there is no text", async () => {
  await using dir = new TempDir();
  const file = await dir.write("a.jsonl", '{"text": ""}\n\n');
  await assertRejects(() => countCorpus(shardsOf(file)), UserError, "there is no text in the data");
});

Deno.test("countCorpus counts the documents that are wanted", async () => {
  await using dir = new TempDir();
  const lines = [
    { text: "one two three", meta: { lang: "en" } },
    { text: "one two", meta: { lang: "en" } },
    { text: "eins zwei drei vier", meta: { lang: "de" } },
  ];
  const text = lines.map((line) => JSON.stringify(line)).join("\n");
  const shards = shardsOf(await dir.write("a.jsonl", text));
  const { documentCount, tokenCount } = await countCorpus(shards, { lang: "en", minTokens: 3 });
  assertEquals([documentCount, tokenCount], [1, 4]);
  await assertRejects(
    () => countCorpus(shards, { lang: "fr", minTokens: 3 }),
    UserError,
    "there is no text in language fr of 3 tokens or more in the data",
  );
});
