import { assert, assertEquals, assertRejects } from "@std/assert";
import { ByteReader } from "../../../src/data/files/byte_reader.ts";

function reader(chunkSizes: number[]): ByteReader {
  let next = 0;
  const chunks = async function* () {
    for (const size of chunkSizes) yield await Uint8Array.from({ length: size }, () => next++);
  };
  return new ByteReader(chunks(), (at) => new RangeError(`ends at ${at}`));
}

Deno.test("ByteReader reads, skips and takes back across chunks", async () => {
  const input = reader([3, 0, 4, 1, 10]);
  assertEquals([...await input.read(2)], [0, 1]);
  assertEquals([...await input.read(0)], []);
  assertEquals([...await input.read(4)], [2, 3, 4, 5]);
  assertEquals(input.position, 6);
  await input.skip(3);
  const part = await input.some(4);
  assertEquals([...part], [9, 10, 11, 12]);
  input.unread(part.subarray(1));
  assertEquals(input.position, 10);
  assertEquals([...await input.read(3)], [10, 11, 12]);
  assertEquals((await input.some(100)).length, 5);
  assert(await input.atEnd());
  assertEquals(input.position, 18);
});

Deno.test("ByteReader fails where the bytes end too early", async () => {
  await assertRejects(() => reader([3]).read(4), RangeError, "ends at 3");
  await assertRejects(() => reader([3, 2]).skip(6), RangeError, "ends at 5");
  await assertRejects(() => reader([0]).some(1), RangeError, "ends at 0");
  assert(await reader([0, 0]).atEnd());
});
