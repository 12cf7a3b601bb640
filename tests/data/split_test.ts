import { assert, assertEquals } from "@std/assert";
import { isIn, type Split, validationBound } from "../../src/data/split.ts";
import { texts } from "./fixtures.ts";

async function part(texts: string[], split: Split): Promise<string[]> {
  const chunks = texts.map((text) => ({ texts: [text] }));
  const bound = await validationBound(ReadableStream.from(chunks));
  return texts.filter((text) => isIn({ split, bound }, text));
}

Deno.test("each document is in one part, whatever the order", async () => {
  for (const count of [2, 3, 20, 150, 1000, 1001, 3000]) {
    const all = texts(count, 5);
    const [training, validation] = [await part(all, "training"), await part(all, "validation")];
    assertEquals([...training, ...validation].sort(), [...all].sort());
    const shuffled = all.toSorted((a, b) => a.split(" ")[3] < b.split(" ")[3] ? -1 : 1).reverse();
    assertEquals((await part(shuffled, "validation")).sort(), validation.sort());
  }
});

Deno.test("1 document in 20 is for validation, exactly so in a small corpus", async () => {
  for (
    const [count, expected] of [[0, 0], [1, 0], [2, 1], [20, 1], [21, 2], [150, 8], [1000, 50]]
  ) {
    assertEquals((await part(texts(count, 5), "validation")).length, expected);
  }
  const large = (await part(texts(20_000, 5), "validation")).length;
  assert(Math.abs(large - 1000) < 150, `${large} of 20,000`); // 5 standard deviations
});

Deno.test("copies of a document are in the same part", async () => {
  const all = texts(30, 5);
  const twice = [...all, ...all];
  const validation = await part(twice, "validation");
  assertEquals(validation.length, 2 * new Set(validation).size);
  assertEquals(new Set(validation), new Set(await part(all, "validation")));
  assertEquals(await part(["same", "same"], "training"), ["same", "same"]);
});

Deno.test("the bound of a large corpus needs no more than 1,001 documents", async () => {
  let read = 0;
  const endless = async function* () {
    while (true) yield await Promise.resolve({ texts: [`document ${read++}`] });
  };
  assertEquals(await validationBound(endless()), 2 ** 32 / 20);
  assertEquals(read, 1001);
});
