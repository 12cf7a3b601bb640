import { assert, assertEquals, assertRejects } from "@std/assert";
import { BinWriter } from "../../src/data/bin/bin_writer.ts";
import { findShards } from "../../src/data/files/sources.ts";
import { readIds } from "../../src/data/id_stream.ts";
import { identify } from "../../src/data/order/position.ts";
import { openTokenStream } from "../../src/data/token_stream.ts";
import { ownTokenizer } from "../../src/tokens/own_tokenizer.ts";
import { encodeWith } from "../../src/tokens/tokenizer.ts";
import { fullVocabulary, type Vocabulary } from "../../src/tokens/vocabulary.ts";
import { UserError } from "../../src/errors.ts";
import { jsonl, TempDir, texts } from "./fixtures.ts";
import { ownVocabulary } from "../tokens/small_tokenizer.ts";

const VOCABULARY = ownVocabulary();
const DOCUMENTS = texts(60, 40).map((text) => `the moon ${text}`);
const OPTIONS = { context: 16, batch: 2, seed: 1, split: "training" as const };

/** The documents that a vocabulary's ids are of. */
function documentsOf(ids: readonly number[], { endOfText, tokenizer }: Vocabulary): string[] {
  const documents: number[][] = [[]];
  for (const id of ids) id === endOfText ? documents.push([]) : documents.at(-1)!.push(id);
  assertEquals(documents.pop(), [], "the last document is ended too");
  const decoder = new TextDecoder();
  return documents.map((tokens) =>
    decoder.decode(Uint8Array.from(tokens.flatMap((token) => [...tokenizer.tokenBytes(token)])))
  );
}

Deno.test("own tokenizer: all of a corpus is encoded by it, with its own end after documents", async () => {
  await using temp = new TempDir();
  const shards = await findShards([await temp.write("a.jsonl", jsonl(DOCUMENTS))]);
  for (const vocabulary of [VOCABULARY, fullVocabulary(ownTokenizer({ endOfText: 7 }))]) {
    const ids: number[] = [];
    for await (const chunk of readIds(shards, { vocabulary, split: "all" })) {
      ids.push(...Array.from(chunk));
    }
    assertEquals(documentsOf(ids, vocabulary), DOCUMENTS);
    const expected = DOCUMENTS.flatMap((text) => [
      ...encodeWith(vocabulary.tokenizer, text),
      vocabulary.endOfText,
    ]);
    assertEquals(ids, expected);
  }
});

Deno.test("own tokenizer: workers encode by it too, and a position knows it", async () => {
  await using temp = new TempDir();
  const data = [await temp.write("a.jsonl", jsonl(DOCUMENTS))];
  const batches = [];
  for (const workers of [1, 2]) {
    const options = { ...OPTIONS, data, vocabulary: VOCABULARY, workers, shuffle: false };
    await using stream = await openTokenStream(options);
    const { inputs } = await stream.next();
    batches.push(inputs);
    const { position } = stream;
    assert(position);
    const others = [fullVocabulary(), fullVocabulary(ownTokenizer({ endOfText: 7 }))];
    const identities = [VOCABULARY, ...others].map((vocabulary) =>
      identify([], vocabulary, { ...OPTIONS, shuffle: false, minTokens: 0 }).vocabulary
    );
    assertEquals(new Set(identities).size, 3);
    assertEquals(position.of.vocabulary, identities[0]);
    for (const vocabulary of others) {
      await assertRejects(
        () => openTokenStream({ ...options, vocabulary, position }),
        UserError,
        "the data position is of another vocabulary",
      );
    }
  }
  assertEquals(batches[0], batches[1]);
  assert(batches[0].every((id) => id < VOCABULARY.size));
  const [moon] = encodeWith(VOCABULARY.tokenizer, " moon");
  assert(batches[0].includes(moon), "one of the tokens that only it has");
});

Deno.test("own tokenizer: tokens that GPT-2's has prepared are refused", async () => {
  await using temp = new TempDir();
  const path = `${temp.path}/a.bin`;
  {
    using writer = new BinWriter(path);
    writer.write(Uint16Array.from({ length: 2000 }, (_, i) => i % 200));
    writer.finish();
  }
  const message = `${path} holds GPT-2's tokens, but the model's are its own, ` +
    `${VOCABULARY.size} with "</s>" at the end of a document: use text`;
  await assertRejects(
    () => openTokenStream({ ...OPTIONS, data: [path], vocabulary: VOCABULARY }),
    UserError,
    message,
  );
  const shards = await findShards([path]);
  const ids = readIds(shards, { vocabulary: VOCABULARY, split: "all" });
  await assertRejects(() => ids.next(), UserError, message);
});
