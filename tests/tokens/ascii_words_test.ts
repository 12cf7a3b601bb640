import { assertEquals } from "@std/assert";
import { encode as encodeByPackage } from "gpt-tokenizer/r50k_base";
import { asciiWordLength, asciiWordToken } from "../../src/tokens/ascii_words.ts";
import { Random } from "../../src/random.ts";

const WORDS = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;

/** The word found at a place in a text, with its token; undefined if there is none. */
function find(text: string, at: number): [string, number] | undefined {
  const token = asciiWordToken(text, at);
  return token < 0 ? undefined : [text.slice(at, at + asciiWordLength(token)), token];
}

Deno.test("asciiWordToken finds the words of ASCII text that are one token", () => {
  const random = new Random(1);
  const pieces = [
    "the",
    "The",
    " quick",
    "xqz",
    "12",
    "1234567",
    ",",
    " (",
    "...",
    "'s",
    "'",
    " '",
  ];
  const white = [" ", "  ", "\n", "\t", "\r\n", "\x1f", "\x7f", "\0"];
  let found = 0;
  for (let i = 0; i < 2000; i++) {
    const of = i % 4 === 0 ? white : pieces;
    const parts = Array.from({ length: 8 }, () => {
      return random.below(3) === 0
        ? white[random.below(white.length)]
        : of[random.below(of.length)];
    });
    const text = parts.join("");
    for (const { 0: word, index } of text.matchAll(WORDS)) {
      const tokens = encodeByPackage(word);
      const isPlain = tokens.length === 1 && word.trim() !== "" && word[0] !== "'";
      assertEquals(
        find(text, index),
        isPlain ? [word, tokens[0]] : undefined,
        JSON.stringify(text),
      );
      if (isPlain) found++;
    }
  }
  assertEquals(found > 1000, true);
});

Deno.test("asciiWordToken leaves alone what goes on in other characters", () => {
  assertEquals(find("moon", 0), ["moon", 22977]);
  assertEquals(find("a moon.", 1), [" moon", 8824]);
  for (
    const text of ["cafés", "moonä", " moonä", "12٣", ".。", "é", " é", "", " ", "\n", " \u00a0"]
  ) {
    assertEquals(find(text, 0), undefined, text);
  }
});
