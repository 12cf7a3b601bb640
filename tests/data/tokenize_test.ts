import { assertEquals } from "@std/assert";
import type { TextChunk } from "../../src/data/reader.ts";
import { createTokenizer } from "../../src/data/tokenize.ts";
import { encode, END_OF_TEXT } from "../../src/data/tokenizer.ts";
import { compactVocabulary } from "../../src/data/vocabulary.ts";

function chunk(texts: string[], change: Partial<TextChunk> = {}): TextChunk {
  const numbers = texts.map((_, i) => 10 + i);
  return { shard: 3, texts, numbers, pieces: false, last: false, ...change };
}

const [one, two] = ["one", "two <|endoftext|>"].map(encode);

Deno.test("a tokenizer ends each document", () => {
  const tokenize = createTokenizer({});
  assertEquals(tokenize(chunk(["one", "two <|endoftext|>"])), {
    shard: 3,
    ids: Uint16Array.of(...one, END_OF_TEXT, ...two, END_OF_TEXT),
    numbers: [10, 11],
    lengths: [one.length + 1, two.length + 1],
  });
});

Deno.test("a tokenizer ends a document in pieces after the last one", () => {
  const tokenize = createTokenizer({ minTokens: 100 }); // the document is not as short as a piece
  for (const last of [false, true]) {
    const { ids, lengths } = tokenize(chunk(["one", "two <|endoftext|>"], { pieces: true, last }));
    const end = last ? [END_OF_TEXT] : [];
    assertEquals(ids, Uint16Array.of(...one, ...two, ...end));
    assertEquals(lengths, [one.length, two.length + end.length]);
  }
});

Deno.test("a tokenizer leaves out documents that are too short", () => {
  const texts = ["a b c", "a", "a b", ""];
  const kept = (minTokens: number) => createTokenizer({ minTokens })(chunk(texts));
  assertEquals(kept(0).numbers, [10, 11, 12, 13]);
  assertEquals(kept(2).numbers, [10, 12]);
  assertEquals(
    kept(2).ids,
    Uint16Array.of(...encode("a b c"), END_OF_TEXT, ...encode("a b"), END_OF_TEXT),
  );
  assertEquals(kept(4), { shard: 3, ids: new Uint16Array(), numbers: [], lengths: [] });
});

Deno.test("a tokenizer gives the ids of a compact vocabulary", () => {
  const vocabulary = compactVocabulary(encode("one"));
  const { tokens } = vocabulary;
  const { ids, lengths } = createTokenizer({ tokens })(chunk(["one", "moon"]));
  const expected = ["one", "moon"].map((text) => vocabulary.encode([...encode(text), END_OF_TEXT]));
  assertEquals([...ids], expected.flatMap((ids) => [...ids]));
  assertEquals(lengths, expected.map((ids) => ids.length));
  assertEquals(lengths[1] > encode("moon").length + 1, true); // in bytes
});

Deno.test("a long text becomes the ids of a compact vocabulary", () => {
  const text = "one two ".repeat(2 ** 16);
  const { tokens, encode: toIds } = compactVocabulary(encode("one two"));
  const { ids, lengths } = createTokenizer({ tokens })(chunk([text]));
  const expected = toIds([...encode(text), END_OF_TEXT]);
  assertEquals(lengths, [expected.length]);
  assertEquals(ids, Uint16Array.from(expected));
});
