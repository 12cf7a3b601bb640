import { assert, assertEquals } from "@std/assert";
import { isIn, type Split, validationBound } from "../../../src/data/text/split.ts";
import { texts } from "../fixtures.ts";

async function part(texts: string[], split: Split): Promise<string[]> {
  const bound = await validationBound(ReadableStream.from(texts.map((text) => ({ text }))));
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

/** Documents without end, all in German but 1 in `every`; `read` counts them. */
async function* endless(every: number, read: { count: number }) {
  while (true) {
    const number = read.count++;
    const lang = number % every === 0 ? "en" : "de";
    yield await Promise.resolve({ text: `document ${number}`, lang });
  }
}

Deno.test("the bound of a large corpus needs no more than 1,001 documents", async () => {
  for (const [every, lang] of [[1, undefined], [1, "en"], [5, "en"]] as const) {
    const read = { count: 0 };
    assertEquals(await validationBound(endless(every, read), lang), 2 ** 32 / 20);
    assertEquals(read.count, 1000 * every + 1);
  }
});

Deno.test("the bound of a rare language needs no more than 100,000 documents", async () => {
  const read = { count: 0 };
  const bound = await validationBound(endless(1000, read), "en");
  assertEquals(read.count, 100_000);
  const found = Array.from({ length: 100 }, (_, i) => `document ${1000 * i}`);
  assertEquals(found.filter((text) => isIn({ split: "validation", bound }, text)).length, 5);
  // One of which fewer than two are among them is waited for.
  read.count = 0;
  assert(await validationBound(endless(150_000, read), "en") > 0);
  assertEquals(read.count, 150_001);
});
