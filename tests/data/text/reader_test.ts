import { assert, assertEquals } from "@std/assert";
import { documentsIn } from "../../../src/data/text/documents.ts";
import {
  isWanted,
  readAllDocuments,
  type ReadOptions,
  readTexts,
  type TextChunk,
} from "../../../src/data/text/reader.ts";
import { isIn } from "../../../src/data/text/split.ts";
import type { Lines } from "../../../src/data/text/block.ts";
import { bomb, concat, frame, shardsOf, TempDir, texts } from "../fixtures.ts";

function read(
  files: string[],
  options: ReadOptions = {},
  from?: { shard: number; line: number },
): Promise<TextChunk[]> {
  return Array.fromAsync(readTexts(shardsOf(...files), options, from));
}

/** The documents in chunks: shard, line, number and text of each. */
function documentsOf(chunks: TextChunk[]): [number, number, number, string][] {
  return chunks.flatMap(({ shard, block }) => {
    const documents = documentsIn(block, { skipBad: true });
    return [
      ...documents.map(({ line, number, text }) =>
        [shard, line, number, text] as [number, number, number, string]
      ),
    ];
  });
}

const lines = (documents: unknown[]) => documents.map((line) => JSON.stringify(line)).join("\n");

Deno.test("readTexts gives the lines and pieces of each shard with their numbers", async () => {
  await using dir = new TempDir();
  const files = [
    await dir.write("a.jsonl", lines(["one", "", "two"])),
    await dir.write("b.jsonl", "\n"),
    await dir.write("c.txt", "three"),
  ];
  const chunks = await read(files);
  assertEquals(documentsOf(chunks), [[0, 1, 0, "one"], [0, 3, 2, "two"], [2, 1, 0, "three"]]);
  assertEquals(chunks.map(({ last }) => last), [false, false, true]);
});

Deno.test("readTexts gives large shards in chunks", async () => {
  await using dir = new TempDir();
  const all = texts(12_000, 20);
  const plain = "a line of plain text\n".repeat(40_000);
  const files = [await dir.write("a.jsonl", lines(all)), await dir.write("b.txt", plain)];
  const [a, b] = Map.groupBy(await read(files), ({ shard }) => shard).values();
  assert(a.length > 2 && b.length > 2);
  assertEquals(documentsOf(a), all.map((text, i) => [0, i + 1, i, text]));
  const pieces = documentsOf(b);
  assertEquals(pieces.map(([, , , text]) => text).join(""), plain);
  assertEquals(pieces.map(([, , number]) => number), pieces.map((_, i) => i));
  assertEquals(b.map(({ last }) => last), b.map((_, i) => i === b.length - 1));
});

Deno.test("the last pieces that are wanted say so, even if others follow", async () => {
  await using dir = new TempDir();
  const files = [await dir.write("a.txt", texts(30_000, 10).join("\n"))];
  const pieces = documentsOf(await read(files)).map(([, , , text]) => text);
  const part = { split: "validation" as const, bound: 2 ** 32 / 200 };
  const chunks = await read(files, { part });
  const wanted = pieces.filter((text) => isIn(part, text));
  assert(wanted.length > 0 && !isIn(part, pieces.at(-1)!));
  assertEquals(documentsOf(chunks).map(([, , , text]) => text), wanted);
  assertEquals(chunks.map(({ last }) => last), chunks.map((_, i) => i === chunks.length - 1));
  assertEquals(await read(files, { part: { split: "validation", bound: 0 } }), []);
});

Deno.test("a document is wanted if it is in the part, and in the language or in none", () => {
  const document = { text: "one", lang: "en" };
  const inTraining = { split: "training" as const, bound: 0 };
  assertEquals(isWanted({}, document), true);
  assertEquals(isWanted({ lang: "en", part: inTraining }, document), true);
  assertEquals(isWanted({ lang: "de" }, document), false);
  assertEquals(isWanted({ lang: "de" }, { text: "one" }), true);
  assertEquals(isWanted({ part: { ...inTraining, split: "validation" } }, document), false);
});

Deno.test("readTexts begins anywhere, and does not look at what is before", async () => {
  await using dir = new TempDir();
  const bad = (count: number) =>
    Array.from({ length: count }, (_, i) => `"${i}"\nbad`).join("\n") + "\n";
  const plain = texts(3000, 10).join("\n");
  const files = [
    `${dir.path}/missing.jsonl`, // not opened
    await dir.write("b.jsonl", bad(5)),
    await dir.write("c.txt", plain),
    await dir.write("d.jsonl", bad(1)),
  ];
  const all = documentsOf(await read(files, {}, { shard: 1, line: 0 }));
  assert(all.length > 20);
  for (const [shard, line] of [[1, 3], [1, 4], [1, 9], [1, 20], [2, 0], [2, 3], [2, 999], [3, 0]]) {
    assertEquals(
      documentsOf(await read(files, {}, { shard, line })),
      all.filter((document) => document[0] > shard || document[0] === shard && document[2] >= line),
    );
  }
});

Deno.test("lines that are cut as too long count as one where reading begins after them", async () => {
  await using dir = new TempDir();
  const content = concat(frame('"0"\n'), bomb(65), frame('\n"2"\n"3"\n'));
  const files = [await dir.write("a.jsonl.zst", content)];
  assertEquals(documentsOf(await read(files)), [[0, 1, 0, "0"], [0, 3, 2, "2"], [0, 4, 3, "3"]]);
  assertEquals(documentsOf(await read(files, {}, { shard: 0, line: 3 })), [[0, 4, 3, "3"]]);
});

Deno.test("the lines of a chunk begin where its offset says, wherever reading begins", async () => {
  await using dir = new TempDir();
  const content = lines(texts(20_000, 20));
  const unpacked = new TextEncoder().encode(content);
  const files = [await dir.write("a.jsonl.zst", frame(content))];
  for (const line of [0, 1, 7000, 19_999]) {
    for (const { block } of await read(files, {}, { shard: 0, line })) {
      const { offset, bytes } = block as Lines;
      assertEquals(bytes, unpacked.subarray(offset, offset + bytes.length));
    }
  }
});

Deno.test("readAllDocuments gives the documents of all shards", async () => {
  await using dir = new TempDir();
  const files = [await dir.write("a.jsonl", lines(["one", "two"])), await dir.write("b.txt", "3")];
  const documents = await Array.fromAsync(readAllDocuments(shardsOf(...files)));
  assertEquals(documents.map(({ text }) => text), ["one", "two", "3"]);
});
