import { assertEquals, assertThrows } from "@std/assert";
import { DataError } from "../../../src/data/files/data_error.ts";
import type { TextChunk } from "../../../src/data/text/reader.ts";
import { isIn } from "../../../src/data/text/split.ts";
import type { Lines } from "../../../src/data/text/block.ts";
import { createChunkTokenizer, createTokenizer } from "../../../src/data/tokenize/tokenize.ts";
import { encode, END_OF_TEXT } from "../../../src/tokens/tokenizer.ts";
import { compactVocabulary } from "../../../src/tokens/vocabulary.ts";
import { texts } from "../fixtures.ts";

const documents = (texts: string[], whole = true) =>
  texts.map((text, i) => ({ text, number: 10 + i, whole }));

const [one, two] = ["one", "two <|endoftext|>"].map(encode);

Deno.test("a tokenizer ends each document", () => {
  const tokenize = createTokenizer({});
  assertEquals(tokenize(documents(["one", "two <|endoftext|>"])), {
    ids: Uint16Array.of(...one, END_OF_TEXT, ...two, END_OF_TEXT),
    numbers: [10, 11],
    lengths: [one.length + 1, two.length + 1],
  });
});

Deno.test("a tokenizer ends a document in pieces after the last one", () => {
  const tokens = compactVocabulary([...one, ...two]);
  for (const vocabulary of [undefined, tokens]) {
    // The document is not as short as a piece.
    const tokenize = createTokenizer({ minTokens: 100, tokens: vocabulary?.tokens });
    for (const last of [false, true]) {
      const { ids, lengths } = tokenize(documents(["one", "two <|endoftext|>"], false), last);
      const expected = [...one, ...two, ...last ? [END_OF_TEXT] : []];
      assertEquals(ids, Uint16Array.from(vocabulary?.encode(expected) ?? expected));
      assertEquals(lengths, [one.length, two.length + Number(last)]);
    }
  }
});

Deno.test("a tokenizer leaves out documents that are too short", () => {
  const texts = ["a b c", "a", "a b", ""];
  const kept = (minTokens: number) => createTokenizer({ minTokens })(documents(texts));
  assertEquals(kept(0).numbers, [10, 11, 12, 13]);
  assertEquals(kept(2).numbers, [10, 12]);
  assertEquals(
    kept(2).ids,
    Uint16Array.of(...encode("a b c"), END_OF_TEXT, ...encode("a b"), END_OF_TEXT),
  );
  assertEquals(kept(4), { ids: new Uint16Array(), numbers: [], lengths: [] });
});

Deno.test("a tokenizer gives the ids of a compact vocabulary", () => {
  const vocabulary = compactVocabulary(encode("one"));
  const { tokens } = vocabulary;
  const { ids, lengths } = createTokenizer({ tokens })(documents(["one", "moon"]));
  const expected = ["one", "moon"].map((text) => vocabulary.encode([...encode(text), END_OF_TEXT]));
  assertEquals([...ids], expected.flatMap((ids) => [...ids]));
  assertEquals(lengths, expected.map((ids) => ids.length));
  assertEquals(lengths[1] > encode("moon").length + 1, true); // in bytes
});

Deno.test("a long text becomes the ids of a compact vocabulary", () => {
  const text = "one two ".repeat(2 ** 16);
  const { tokens, encode: toIds } = compactVocabulary(encode("one two"));
  const { ids, lengths } = createTokenizer({ tokens })(documents([text]));
  const expected = toIds([...encode(text), END_OF_TEXT]);
  assertEquals(lengths, [expected.length]);
  assertEquals(ids, Uint16Array.from(expected));
});

function chunkOf(lines: string[], change: Partial<Lines> = {}): TextChunk {
  const bytes = new TextEncoder().encode(lines.join("\n"));
  const place = { file: "a.jsonl", line: 31, number: 50, offset: 1000, count: lines.length };
  return { shard: 3, block: { ...place, bytes, maxLineBytes: 100, ...change }, last: false };
}

Deno.test("lines are parsed, and become the ids of the documents that are wanted", () => {
  const lines = ['{"text": "one", "meta": {"lang": "de"}}', "", '"two"', '"three"'];
  const all = createChunkTokenizer({})(chunkOf(lines));
  assertEquals([all.shard, all.skipped, all.numbers], [3, 0, [50, 52, 53]]);
  assertEquals(
    [...all.ids],
    ["one", "two", "three"].flatMap((text) => [...encode(text), END_OF_TEXT]),
  );
  assertEquals(createChunkTokenizer({ lang: "en" })(chunkOf(lines)).numbers, [52, 53]);

  const some = texts(50, 5);
  for (const split of ["training", "validation"] as const) {
    const part = { split, bound: 2 ** 31 };
    const { numbers } = createChunkTokenizer({ part })(chunkOf(some.map((t) => `"${t}"`)));
    const wanted = [...some.keys()].filter((i) => isIn(part, some[i]));
    assertEquals(numbers, wanted.map((i) => 50 + i));
  }
});

Deno.test("bad lines are told with their place in the file, or counted", () => {
  const lines = ['"one"', "bad", '"two"', '"three"', '"' + "x".repeat(99)];
  const tokenize = createChunkTokenizer({ skipBad: true });
  const { numbers, skipped } = tokenize(chunkOf(lines));
  assertEquals([numbers, skipped], [[50, 52, 53], 2]);
  assertThrows(
    () => createChunkTokenizer({})(chunkOf(lines)),
    DataError,
    "a.jsonl:32: not JSON (the line begins at byte 1006); skip such lines with --skip-bad",
  );
});

Deno.test("the memory of lines is given back once they are tokenized", () => {
  const chunk = chunkOf(['"one"']);
  createChunkTokenizer({})(chunk);
  assertEquals((chunk.block as Lines).bytes.buffer.detached, true);
});
