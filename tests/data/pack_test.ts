import { assertEquals } from "@std/assert";
import { WindowStream } from "../../src/data/pack.ts";

async function windows(chunks: number[][], context: number): Promise<number[][]> {
  const stream = ReadableStream.from(chunks.map((ids) => Uint32Array.from(ids)))
    .pipeThrough(new WindowStream(context));
  return (await Array.fromAsync(stream)).map((window) => [...window]);
}

Deno.test("windows overlap by one token and run across chunks", async () => {
  const expected = [[0, 1, 2, 3], [3, 4, 5, 6], [6, 7, 8, 9]];
  for (
    const chunks of [
      [[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
      [[0], [1, 2], [], [3], [4, 5, 6, 7], [8, 9]],
      [[0, 1, 2, 3], [4, 5, 6], [7, 8, 9, 10, 11]], // 10 and 11 fill no window
    ]
  ) assertEquals(await windows(chunks, 3), expected);
});

Deno.test("windows predict each token but the first exactly once", async () => {
  for (const context of [1, 2, 5, 8]) {
    const ids = Array.from({ length: 8 * 5 + 1 }, (_, i) => i);
    const targets = (await windows([ids], context)).flatMap((window) => window.slice(1));
    assertEquals(targets, ids.slice(1, 1 + targets.length));
    assertEquals(targets.length, ids.length - 1);
  }
});

Deno.test("too few tokens fill no window", async () => {
  assertEquals(await windows([[1, 2], [3]], 3), []);
  assertEquals(await windows([[1, 2], [3, 4]], 3), [[1, 2, 3, 4]]);
});
