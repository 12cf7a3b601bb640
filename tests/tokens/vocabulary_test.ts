import { assert, assertEquals, assertThrows } from "@std/assert";
import { encode, END_OF_TEXT, TokenDecoder } from "../../src/tokens/tokenizer.ts";
import { compactVocabulary, fullVocabulary } from "../../src/tokens/vocabulary.ts";

Deno.test("fullVocabulary is GPT-2's", () => {
  const vocabulary = fullVocabulary();
  assertEquals(vocabulary.size, 50257);
  assertEquals(vocabulary.endOfText, END_OF_TEXT);
  assertEquals(vocabulary.tokens, undefined);
  assertEquals(vocabulary.encode([15496, 995]), new Uint32Array([15496, 995]));
  assertEquals(vocabulary.decode(995), 995);
});

Deno.test("compactVocabulary numbers its tokens, the bytes and the end of text", () => {
  const vocabulary = compactVocabulary([995, 15496, 995, 64]); // 64 is a byte
  assertEquals(vocabulary.size, 256 + 2 + 1);
  const ids = vocabulary.encode([15496, 995, END_OF_TEXT]);
  assertEquals(ids, new Uint32Array([257, 256, 258]));
  assertEquals(Array.from(ids, vocabulary.decode), [15496, 995, END_OF_TEXT]);
  assertEquals(vocabulary.endOfText, 258);
  assertEquals(vocabulary.tokens?.length, vocabulary.size);
  assert(vocabulary.tokens!.every((token, id) => vocabulary.decode(id) === token));
  assertEquals(compactVocabulary(vocabulary.tokens!).tokens, vocabulary.tokens);
});

Deno.test("compactVocabulary spells what it lacks in bytes", () => {
  const vocabulary = compactVocabulary(encode("known"));
  const text = "known, unknown: Ünï 🌕 \0";
  const ids = vocabulary.encode(encode(text));
  assert(ids.length > encode(text).length);
  assert(ids.every((id) => id < vocabulary.size));
  const decoder = new TokenDecoder();
  const decoded = Array.from(ids, (id) => decoder.push(vocabulary.decode(id))).join("");
  assertEquals(decoded + decoder.end(), text);
});

Deno.test("vocabularies reject tokens and ids that there are not", () => {
  const compact = compactVocabulary([]);
  assertEquals(compact.size, 257);
  for (const token of [-1, 50257, 0.5, NaN]) {
    assertThrows(() => fullVocabulary().encode([token]), RangeError);
    assertThrows(() => fullVocabulary().decode(token), RangeError);
    assertThrows(() => compact.encode([token]), RangeError);
    assertThrows(() => compact.decode(token), RangeError);
    assertThrows(() => compactVocabulary([token]), RangeError);
  }
  assertThrows(() => compact.decode(257), RangeError);
});
