import { assert, assertEquals, assertRejects } from "@std/assert";
import { DataError } from "../../../src/data/files/data_error.ts";
import { readTextBlocks } from "../../../src/data/text/text_blocks.ts";
import type { Lines, TextBlock } from "../../../src/data/text/block.ts";
import { UserError } from "../../../src/errors.ts";
import { concat, frame, jsonl, shardsOf, TempDir, texts } from "../fixtures.ts";

/** The blocks of a file, as far as it can be read, and why no further. */
async function read(file: string): Promise<{ blocks: TextBlock[]; error?: unknown }> {
  const blocks: TextBlock[] = [];
  try {
    for await (const block of readTextBlocks(shardsOf(file)[0])) blocks.push(block);
  } catch (error) {
    return { blocks, error };
  }
  return { blocks };
}

Deno.test("readTextBlocks gives all lines, with the number of the first of each block", async () => {
  await using dir = new TempDir();
  const content = jsonl(texts(10_000, 20)).trimEnd(); // the last one without an end
  const file = await dir.write("a.jsonl.zst", frame(content));
  const blocks = (await read(file)).blocks as Lines[];
  assert(blocks.length > 2);
  let line = 1;
  let text = "";
  for (const block of blocks) {
    assertEquals([block.file, block.line, block.number], [file, line, line - 1]);
    const its = new TextDecoder().decode(block.bytes);
    assertEquals(block.count, its.split("\n").length - Number(its.endsWith("\n")));
    line += block.count;
    text += its;
  }
  assert(text === content);
  assertEquals(line, 10_001);
});

Deno.test("readTextBlocks gives the whole lines before damage, and none that it cuts", async () => {
  await using dir = new TempDir();
  const content = concat(frame('"one"\n"two"\n"thr'), frame("ee").slice(0, 6));
  const { blocks, error } = await read(await dir.write("a.jsonl.zst", content));
  assertEquals(blocks.map((block) => (block as Lines).count), [2]);
  assert(error instanceof DataError);
});

Deno.test("readTextBlocks refuses what holds no text", async () => {
  await using dir = new TempDir();
  const file = await dir.write("a.bin", "x");
  await assertRejects(
    async () => await Array.fromAsync(readTextBlocks(shardsOf(file)[0])),
    UserError,
    `${file} holds no text`,
  );
});
