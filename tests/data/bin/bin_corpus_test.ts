import { assertEquals, assertThrows } from "@std/assert";
import { countBinCorpus, holdTokens } from "../../../src/data/bin/bin_corpus.ts";
import { END_OF_TEXT } from "../../../src/tokens/tokenizer.ts";
import { UserError } from "../../../src/errors.ts";
import { TempDir } from "../fixtures.ts";

Deno.test("token files are counted with their tokens and documents", async () => {
  await using dir = new TempDir();
  const write = async (name: string, ...tokens: number[]) => {
    const source = await dir.write(name, new Uint8Array(Uint16Array.from(tokens).buffer));
    return { name: source, source };
  };
  const shards = [
    await write("a.bin", 5, 7, END_OF_TEXT, 7, END_OF_TEXT),
    await write("val.bin", END_OF_TEXT, 300, 5),
  ];
  const tokens = Uint32Array.of(5, 7, 300, END_OF_TEXT);
  const expected = { tokens, documentCount: 3, tokenCount: 8, skipped: 0 };
  assertEquals(countBinCorpus(shards), expected);
  assertThrows(() => countBinCorpus(shards, { minTokens: 3 }), UserError, "cannot be left out");
});

Deno.test("tokens and text cannot be mixed", () => {
  const [bin, text] = [{ name: "a.bin", source: "" }, { name: "b.txt", source: "" }];
  assertEquals(holdTokens([bin, bin]), true);
  assertEquals(holdTokens([text]), false);
  assertEquals(holdTokens([]), false);
  assertThrows(() => holdTokens([text, bin]), UserError, "a.bin holds tokens, b.txt text");
});
