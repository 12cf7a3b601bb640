import { assertEquals, assertRejects } from "@std/assert";
import { countCorpus } from "../../src/data/corpus.ts";
import { encode, END_OF_TEXT } from "../../src/data/tokenizer.ts";
import { UserError } from "../../src/errors.ts";
import { frame, jsonl, shardsOf, TempDir, texts } from "./fixtures.ts";

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
