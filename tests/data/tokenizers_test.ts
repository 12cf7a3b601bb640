import { assertEquals, assertRejects } from "@std/assert";
import type { TextChunk } from "../../src/data/reader.ts";
import { createTokenizer } from "../../src/data/tokenize.ts";
import { Tokenizers } from "../../src/data/tokenizers.ts";
import { encode } from "../../src/data/tokenizer.ts";
import { compactVocabulary } from "../../src/data/vocabulary.ts";
import { UserError } from "../../src/errors.ts";
import { texts } from "./fixtures.ts";

const { tokens } = compactVocabulary(encode("the moon"));
const options = { tokens, minTokens: 15 };

/** Chunks of very different sizes. */
async function* chunks(error?: Error): AsyncGenerator<TextChunk> {
  for (let shard = 0; shard < 60; shard++) {
    const some = await Promise.resolve(texts(shard % 7 === 0 ? 200 : 2, 20, shard));
    yield { shard, texts: some, numbers: some.map((_, i) => i), pieces: false, last: true };
  }
  if (error) throw error;
}

for (const count of [1, 2, 3]) {
  const name = `${count} tokenizers give ids in the order of the texts`;
  Deno.test(name, { sanitizeOps: true, sanitizeResources: true }, async () => {
    const expected = (await Array.fromAsync(chunks())).map(createTokenizer(options));
    using tokenizers = new Tokenizers(count, options);
    assertEquals(await Array.fromAsync(tokenizers.tokenize(chunks())), expected);
    assertEquals(await Array.fromAsync(tokenizers.tokenize(chunks())), expected); // again
    const failing = tokenizers.tokenize(chunks(new UserError("bad data")));
    await assertRejects(() => Array.fromAsync(failing), UserError, "bad data");
  });
}
