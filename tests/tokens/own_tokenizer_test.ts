import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { tokenizerFiles } from "../../src/checkpoint/formats/tokenizer_files.ts";
import { ownTokenizer } from "../../src/tokens/own_tokenizer.ts";
import { encode, encodeWith, tokenBytes, TokenDecoder } from "../../src/tokens/tokenizer.ts";
import { plain, vocabularyOf } from "../../src/tokens/vocabulary.ts";
import { Random } from "../../src/random.ts";
import { encodeByPairs, toCharacters } from "../reference/bpe.ts";
import { texts } from "../data/fixtures.ts";
import { END, ownVocabulary, smallTokenizer, tokenizerFrom } from "./small_tokenizer.ts";

const TEXTS = [
  ...["", "the moon", " the moon\n\nthe  moons on", "Ärger ärmlich 你好 🌕", "thth  on it's 12"],
  ...["\0\x7f\u0085\ufeff", "on".repeat(500), "</s>the</s>", ...texts(10, 30)],
];

Deno.test("own tokenizer: the tokens that Hugging Face's algorithm gives", () => {
  const small = smallTokenizer();
  const tokenizer = tokenizerFrom(small);
  for (const text of TEXTS) {
    const expected = encodeByPairs(text, small.pairs).map((name) => small.ids[name]);
    assertEquals(encodeWith(tokenizer, text), expected, JSON.stringify(text));
    const decoder = new TokenDecoder(tokenizer);
    const decoded = expected.map((token) => decoder.push(token)).join("") + decoder.end();
    assertEquals(decoded, text);
  }
  assertEquals([tokenizer.endOfText, tokenizer.endName], [0, END]);
  assertEquals(encodeWith(tokenizer, END).includes(0), false);
  for (const token of [-1, 0.5, tokenizer.size]) {
    assertThrows(() => tokenizer.tokenBytes(token), RangeError);
  }
});

Deno.test("own tokenizer: random pairs, some of which make the same token", () => {
  const random = new Random(3);
  for (let round = 0; round < 30; round++) {
    const names = toCharacters(new TextEncoder().encode("abc "));
    const pairs = new Set<string>();
    for (let i = 0; i < 25; i++) {
      const [left, right] = [names[random.below(names.length)], names[random.below(names.length)]];
      if (left.length + right.length > 8) continue;
      pairs.add(`${left} ${right}`);
      if (!names.includes(left + right)) names.push(left + right);
    }
    const small = smallTokenizer([...pairs]);
    const tokenizer = tokenizerFrom(small);
    for (let i = 0; i < 30; i++) {
      const text = Array.from({ length: 40 }, () => "aaabbcc "[random.below(8)]).join("");
      const expected = encodeByPairs(text, small.pairs).map((name) => small.ids[name]);
      assertEquals(encodeWith(tokenizer, text), expected, `${small.pairs}: ${text}`);
    }
  }
});

Deno.test("own tokenizer: GPT-2's files with reversed ids give the same pieces", () => {
  const files = tokenizerFiles(1024);
  const gpt2: Record<string, number> = JSON.parse(files.get("vocab.json")!);
  const ids = Object.fromEntries(Object.entries(gpt2).map(([name, id]) => [name, 50256 - id]));
  const pairs = files.get("merges.txt")!.trimEnd().split("\n").slice(1);
  const tokenizer = tokenizerFrom({ ids, pairs });
  for (const text of [...TEXTS, "SolidGoldMagikarp isn't  café naïve\t1,000.50", "=".repeat(70)]) {
    const tokens = encodeWith(tokenizer, text);
    assertEquals(tokens.map((token) => 50256 - token), encode(text));
    for (const token of tokens) {
      assertEquals(tokenizer.tokenBytes(token), tokenBytes(50256 - token));
    }
  }
});

Deno.test("own tokenizer: GPT-2's with another end of a document", () => {
  const tokenizer = ownTokenizer({ endOfText: 0 });
  assertEquals([tokenizer.endOfText, tokenizer.endName, tokenizer.size], [0, "!", 50257]);
  assertEquals(encodeWith(tokenizer, "Hello world"), encode("Hello world"));
});

Deno.test("own tokenizer: a vocabulary is the same after it was sent to a worker", () => {
  const vocabulary = ownVocabulary();
  const again = vocabularyOf(structuredClone(plain(vocabulary)));
  assertEquals([again.size, again.endOfText], [vocabulary.size, 0]);
  for (const text of TEXTS) {
    const ids = again.encode(encodeWith(again.tokenizer, text));
    assertEquals(ids, vocabulary.encode(encodeWith(vocabulary.tokenizer, text)));
    if (text !== "") assertNotEquals([...ids], encode(text));
  }
  assertThrows(() => again.decode(again.size), RangeError, "the tokenizer has no token");
});
