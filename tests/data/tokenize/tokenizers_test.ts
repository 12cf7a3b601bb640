import { assertEquals, assertRejects } from "@std/assert";
import { type ReadOptions, readTexts } from "../../../src/data/text/reader.ts";
import { createChunkTokenizer, type IdChunk } from "../../../src/data/tokenize/tokenize.ts";
import { Tokenizers } from "../../../src/data/tokenize/tokenizers.ts";
import { encode } from "../../../src/tokens/tokenizer.ts";
import { compactVocabulary } from "../../../src/tokens/vocabulary.ts";
import { UserError } from "../../../src/errors.ts";
import { jsonl, shardsOf, TempDir, texts } from "../fixtures.ts";

const { tokens } = compactVocabulary(encode("the moon"));
const part = { split: "training" as const, bound: 2 ** 30 };
const filter: ReadOptions = { part, skipBad: true };

/** Files that become chunks of very different sizes, with bad lines. */
async function writeFiles(dir: TempDir): Promise<string[]> {
  const files: string[] = [];
  for (let i = 0; i < 20; i++) {
    const some = texts(i % 7 === 0 ? 3000 : 2, 20, i);
    files.push(await dir.write(`${i}.jsonl`, jsonl(some) + "bad\n"));
  }
  return [...files, await dir.write("z.txt", texts(2000, 20).join("\n"))];
}

for (const count of [1, 2, 3]) {
  const name = `${count} tokenizers give ids in the order of the texts`;
  Deno.test(name, { sanitizeOps: true, sanitizeResources: true }, async () => {
    await using dir = new TempDir();
    const shards = shardsOf(...await writeFiles(dir));
    const options = { tokens, minTokens: 15, part, skipBad: true };
    const tokenize = createChunkTokenizer(options);
    const expected: IdChunk[] = [];
    for await (const chunk of readTexts(shards, filter)) expected.push(tokenize(chunk));
    assertEquals(expected.length > 22, true);

    using tokenizers = new Tokenizers(count, options);
    for (let time = 1; time <= 2; time++) {
      let bad = 0;
      const ids = tokenizers.tokenize(readTexts(shards, filter), () => bad++);
      assertEquals(await Array.fromAsync(ids), expected);
      assertEquals(bad, 20);
    }
    using strict = new Tokenizers(count, { tokens });
    const failing = strict.tokenize(readTexts(shards, {}));
    const offset = Deno.statSync(shards[0].source).size - "bad\n".length;
    const message = `${shards[0].name}:3001: not JSON (the line begins at byte ${offset}); ` +
      "skip such lines with --skip-bad";
    const error = await assertRejects(() => Array.fromAsync(failing), UserError);
    assertEquals(error.message, message);
  });
}
