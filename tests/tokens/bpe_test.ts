import { assertEquals } from "@std/assert";
import { mergeBytes } from "../../src/tokens/bpe.ts";
import { tokenBytes } from "../../src/tokens/tokenizer.ts";
import { Random } from "../../src/random.ts";

Deno.test("mergeBytes gives single bytes, tokens, and nothing for nothing", () => {
  assertEquals(mergeBytes(new Uint8Array()), []);
  for (const token of [0, 188, 255, 995, 25645]) {
    assertEquals(mergeBytes(tokenBytes(token)), [token]);
  }
});

Deno.test("mergeBytes leaves no byte out and no pair unjoined, also of bytes that are no text", () => {
  const random = new Random(1);
  for (let length = 1; length < 60; length++) {
    const bytes = Uint8Array.from({ length }, () => 97 + random.below(length % 2 ? 4 : 150));
    const tokens = mergeBytes(bytes);
    assertEquals(tokens.flatMap((token) => [...tokenBytes(token)]), [...bytes]);
    for (let i = 0; i + 1 < tokens.length; i++) {
      const pair = tokens.slice(i, i + 2).flatMap((token) => [...tokenBytes(token)]);
      assertEquals(mergeBytes(Uint8Array.from(pair)).length, 2);
    }
  }
});
