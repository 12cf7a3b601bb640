import { assertEquals, assertRejects } from "@std/assert";
import { type Block, packBlocks } from "../../../src/data/pack/blocks.ts";
import { type Place, startOf } from "../../../src/data/order/position.ts";
import type { IdChunk } from "../../../src/data/tokenize/tokenize.ts";
import { UserError } from "../../../src/errors.ts";

/** Shards of chunks of documents of a length; their ids count on from 0. */
function chunksOf(shards: number[][][]): IdChunk[] {
  let id = 0;
  return shards.flatMap((chunks, shard) => {
    let number = 0;
    return chunks.map((lengths) => {
      const count = lengths.reduce((a, b) => a + b, 0);
      const numbers = lengths.map(() => 2 * number++); // every other document is of this part
      const ids = Uint16Array.from({ length: count }, () => id++);
      return { shard, numbers, lengths, ids, skipped: 0 };
    });
  });
}

function pack(chunks: IdChunk[], context: number, size: number, start = startOf(4)) {
  return Array.fromAsync(packBlocks(ReadableStream.from(chunks), context, size, start));
}

const idsOf = ({ ids, count }: Block, context: number) => [...ids.subarray(0, count * context + 1)];

Deno.test("blocks hold sequences that overlap by one id, whatever the documents", async () => {
  const chunks = chunksOf([[[1, 2, 3], [10]], [[5, 0], [1]]]); // ids 0 to 21
  const blocks = await pack(chunks, 3, 2);
  assertEquals(blocks.map((block) => idsOf(block, 3)), [
    [0, 1, 2, 3, 4, 5, 6],
    [6, 7, 8, 9, 10, 11, 12],
    [12, 13, 14, 15, 16, 17, 18],
    [18, 19, 20, 21],
  ]);
  assertEquals(blocks.map(({ count }) => count), [2, 2, 2, 1]);
  const place = { epoch: 4, shard: 0 };
  assertEquals(blocks.map(({ start }) => start), [
    { ...place, line: 0, token: 0, block: 0 },
    { ...place, line: 6, token: 0, block: 1 },
    { ...place, line: 6, token: 6, block: 2 },
    { ...place, shard: 1, line: 0, token: 2, block: 3 },
  ]);
  assertEquals(blocks.map(({ next }) => next), [
    ...blocks.slice(1).map(({ start }) => start),
    startOf(5),
  ]);
});

Deno.test("ids at the end that fill no sequence are dropped", async () => {
  for (const count of [0, 1, 3, 4, 6, 7, 8]) {
    const blocks = await pack(chunksOf([[[count]]]), 3, 2);
    assertEquals(
      blocks.flatMap((block) => idsOf(block, 3)),
      {
        ...{ 0: [], 1: [], 3: [], 4: [0, 1, 2, 3], 6: [0, 1, 2, 3] },
        ...{ 7: [0, 1, 2, 3, 4, 5, 6], 8: [0, 1, 2, 3, 4, 5, 6] },
      }[count],
    );
  }
});

Deno.test("packing goes on from where a block begins, if there is such a place", async () => {
  const shards = [[[1, 2, 3], [10]], [[5], [1, 4]]];
  const blocks = await pack(chunksOf(shards), 3, 2);
  /** The chunks from the start's document on. */
  const from = ({ shard, line }: Place) => {
    return chunksOf(shards.map((chunks) => chunks.flat().map((length) => [length])))
      .filter((chunk) => chunk.shard > shard || chunk.shard === shard && chunk.numbers[0] >= line);
  };
  for (const [i, { start }] of blocks.entries()) {
    assertEquals(await pack(from(start), 3, 2, start), blocks.slice(i));
  }
  const fails = (start: Place, chunks = from(start)) =>
    assertRejects(() => pack(chunks, 3, 2, start), UserError, "the data has changed");
  const { start } = blocks[1];
  await fails({ ...start, token: 10 });
  await fails({ ...start, line: 5 });
  await fails({ ...start, shard: 2 });
  await fails(start, from({ ...start, line: 3 }));
});
