import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { ShuffleStream } from "../../src/data/shuffle.ts";
import { Random } from "../../src/random.ts";

async function shuffle(count: number, size: number, seed: number): Promise<number[]> {
  const items = Array.from({ length: count }, (_, i) => i);
  const stream = ReadableStream.from(items)
    .pipeThrough(new ShuffleStream<number>(size, new Random(seed)));
  return await Array.fromAsync(stream);
}

Deno.test("ShuffleStream gives each item once, in an order that depends on the seed", async () => {
  for (const [count, size] of [[1000, 64], [64, 64], [10, 64], [0, 64], [5, 1]]) {
    const shuffled = await shuffle(count, size, 1);
    assertEquals(shuffled.toSorted((a, b) => a - b), Array.from({ length: count }, (_, i) => i));
  }
  assertEquals(await shuffle(1000, 64, 1), await shuffle(1000, 64, 1));
  assertNotEquals(await shuffle(1000, 64, 1), await shuffle(1000, 64, 2));
});

Deno.test("ShuffleStream separates neighbours and holds no more than its size", async () => {
  const shuffled = await shuffle(1000, 64, 1);
  const adjacent = shuffled.filter((item, i) => item === shuffled[i - 1] + 1).length;
  assert(adjacent < 50, `${adjacent} of 1,000 follow their neighbour`);
  // The item given away when the nth comes in has come in before.
  shuffled.slice(0, 1000 - 64).forEach((item, i) => assert(item < i + 64));
});

Deno.test("ShuffleStream draws all orders equally often", async () => {
  const counts = new Map<string, number>();
  for (let seed = 0; seed < 1200; seed++) {
    const order = (await shuffle(3, 3, seed)).join();
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  assertEquals(counts.size, 6);
  for (const count of counts.values()) assert(Math.abs(count - 200) < 65); // 5 standard deviations
});
