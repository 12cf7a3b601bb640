import { assertEquals } from "@std/assert";
import { type ReadOptions, readTexts, type TextChunk } from "../../src/data/reader.ts";
import { isIn } from "../../src/data/split.ts";
import { shardsOf, TempDir, texts } from "./fixtures.ts";

function read(
  files: string[],
  options: ReadOptions = {},
  from?: { shard: number; document: number },
): Promise<TextChunk[]> {
  return Array.fromAsync(readTexts(shardsOf(...files), options, from));
}

const lines = (documents: unknown[]) => documents.map((line) => JSON.stringify(line)).join("\n");

Deno.test("readTexts gives the documents of each shard with their numbers", async () => {
  await using dir = new TempDir();
  const files = [
    await dir.write("a.jsonl", lines(["one", "", "two"])),
    await dir.write("b.jsonl", "\n"),
    await dir.write("c.txt", "three"),
  ];
  assertEquals(await read(files), [
    { shard: 0, texts: ["one", "two"], numbers: [0, 1], pieces: false, last: true },
    { shard: 2, texts: ["three"], numbers: [0], pieces: true, last: true },
  ]);
});

Deno.test("readTexts gives large shards in chunks, the last of which says so", async () => {
  await using dir = new TempDir();
  const all = texts(12_000, 20);
  const plain = "a line of plain text\n".repeat(40_000);
  const files = [await dir.write("a.jsonl", lines(all)), await dir.write("b.txt", plain)];
  for (const [shard, pieces] of [false, true].entries()) {
    const chunks = (await read(files)).filter((chunk) => chunk.shard === shard);
    assertEquals(chunks.length > 2, true);
    assertEquals(chunks.map(({ last }) => last), chunks.map((_, i) => i === chunks.length - 1));
    assertEquals(new Set(chunks.map((chunk) => chunk.pieces)), new Set([pieces]));
    const joined = chunks.flatMap(({ texts }) => texts);
    if (pieces) assertEquals(joined.join(""), plain);
    else assertEquals(joined, all);
    assertEquals(chunks.flatMap(({ numbers }) => numbers), joined.map((_, i) => i));
  }
});

Deno.test("the chunk that ends a shard says so even if no wanted document follows", async () => {
  await using dir = new TempDir();
  const long = "long ".repeat(60_000);
  const documents = [{ text: long }, { text: "german", meta: { lang: "de" } }];
  const [chunk, ...others] = await read([await dir.write("a.jsonl", lines(documents))], {
    lang: "en",
  });
  assertEquals([chunk.texts, chunk.last, others], [[long], true, []]);
});

Deno.test("readTexts leaves out other languages, but not documents that name none", async () => {
  await using dir = new TempDir();
  const documents = [
    { text: "one", meta: { lang: "en" } },
    { text: "zwei", meta: { lang: "de" } },
    { text: "three" },
    "four",
  ];
  const files = [await dir.write("a.jsonl", lines(documents)), await dir.write("b.txt", "five")];
  const chunks = await read(files, { lang: "en" });
  assertEquals(chunks.map(({ texts }) => texts), [["one", "three", "four"], ["five"]]);
  assertEquals(chunks[0].numbers, [0, 2, 3]);
});

Deno.test("readTexts gives one part", async () => {
  await using dir = new TempDir();
  const all = texts(50, 5);
  const part = { split: "validation" as const, bound: 2 ** 31 };
  const [{ texts: some, numbers }] = await read([await dir.write("a.jsonl", lines(all))], { part });
  assertEquals(some, all.filter((text) => isIn(part, text)));
  assertEquals(some, numbers.map((number) => all[number]));
});

Deno.test("readTexts begins anywhere, and counts only the bad lines from there on", async () => {
  await using dir = new TempDir();
  const bad = (count: number) =>
    Array.from({ length: count }, (_, i) => `"${i}"\nbad`).join("\n") + "\n";
  const files = [
    `${dir.path}/missing.jsonl`, // not opened
    await dir.write("b.jsonl", bad(5)),
    await dir.write("c.jsonl", bad(2)),
  ];
  let count = 0;
  const options = { skipBad: true, onBad: () => count++ };
  const chunks = await read(files, options, { shard: 1, document: 3 });
  assertEquals(chunks.map(({ shard, texts, numbers }) => [shard, texts, numbers]), [
    [1, ["3", "4"], [3, 4]],
    [2, ["0", "1"], [0, 1]],
  ]);
  assertEquals(count, 2 + 2 + 1); // the one after document 2 follows the last that is dropped
});
