import { assertEquals, assertRejects } from "@std/assert";
import { BinWriter } from "../../src/data/bin/bin_writer.ts";
import { inspect, type InspectOptions } from "../../src/data/inspect.ts";
import { encode, END_OF_TEXT } from "../../src/tokens/tokenizer.ts";
import { UserError } from "../../src/errors.ts";
import { TempDir, tokenFile } from "./fixtures.ts";

const shard = (source: string) => ({ name: source, source });

Deno.test("inspect counts what text holds", async () => {
  await using dir = new TempDir();
  const documents = [
    { text: "one two three", meta: { lang: "en" } },
    { text: "漢字 😀", meta: { lang: "ja" } },
    { text: "x" },
    { text: "four five", meta: { lang: "en" } },
  ];
  const lines = documents.map((document) => JSON.stringify(document)).join("\n");
  const file = await dir.write("a.jsonl", lines + "\nbad\n");
  const lengths = documents.map(({ text }) => encode(text).length);
  const texts = documents.map(({ text }) => text);
  const result = await inspect([shard(file)], { examples: 2, skipBad: true });
  assertEquals(result, {
    documents: 4,
    characters: 13 + 4 + 1 + 9,
    bytes: 13 + 11 + 1 + 9,
    tokens: lengths.reduce((sum, length) => sum + length + 1, 0),
    distinctTokens: new Set([...texts.flatMap(encode), END_OF_TEXT]).size,
    languages: { en: 2, ja: 1, "": 1 },
    lengths: [1, 2, 1], // of 1; of 2 and 3; of 4 to 7
    skipped: 1,
    complete: true,
    examples: [
      { file, line: 1, lang: "en", length: 3, tokens: encode(texts[0]) },
      { file, line: 2, lang: "ja", length: lengths[1], tokens: encode(texts[1]) },
    ],
  });
  await assertRejects(() => inspect([shard(file)]), UserError, `${file}:5: not JSON`);
});

Deno.test("inspect leaves out what training would leave out", async () => {
  await using dir = new TempDir();
  const lines = [
    { text: "one two three", meta: { lang: "en" } },
    { text: "un deux trois", meta: { lang: "fr" } },
    { text: "one", meta: { lang: "en" } },
    { text: "four five six" },
  ].map((document) => JSON.stringify(document)).join("\n");
  const file = await dir.write("a.jsonl", lines);
  const txt = await dir.write("b.txt", "one"); // a document, however short
  const seen = async (options: InspectOptions) => {
    const { examples, documents } = await inspect([shard(file), shard(txt)], options);
    assertEquals(documents, examples.length);
    return examples.map(({ file: its, line }) => its === txt ? "txt" : line);
  };
  const all = { examples: 9 };
  assertEquals(await seen({ ...all, lang: "en" }), [1, 3, 4, "txt"]);
  assertEquals(await seen({ ...all, minTokens: 2 }), [1, 2, 4, "txt"]);
  assertEquals(await seen({ ...all, lang: "en", minTokens: 3 }), [1, 4, "txt"]);
  const bin = await tokenFile(dir, "a.bin", 0, 9);
  for (const options of [{ lang: "en" }, { minTokens: 1 }]) {
    await assertRejects(() => inspect([bin], options), UserError, "cannot be left out");
  }
});

Deno.test("inspect stops at the limit, and says so", async () => {
  await using dir = new TempDir();
  const file = await dir.write("a.jsonl", '"a"\n"b"\nbad\n');
  const { documents, complete, examples } = await inspect([shard(file)], { limit: 1 });
  assertEquals([documents, complete, examples.length], [1, false, 1]);
  const whole = await dir.write("b.jsonl", '"a"\n"b"\n');
  assertEquals((await inspect([shard(whole)], { limit: 2 })).complete, true);
});

Deno.test("inspect takes a text file for one document and keeps the beginning of a long one", async () => {
  await using dir = new TempDir();
  const text = "Some words. ".repeat(2000);
  const file = await dir.write("a.txt", text);
  const { documents, characters, tokens, examples } = await inspect([shard(file)]);
  const all = encode(text);
  assertEquals([documents, characters, tokens], [1, text.length, all.length + 1]);
  assertEquals(
    examples,
    [{ file, line: 1, length: all.length, tokens: all.slice(0, 256) }]
      .map((example) => ({ lang: undefined, ...example })),
  );
});

Deno.test("inspect finds the documents of token files", async () => {
  await using dir = new TempDir();
  const texts = ["one two", "漢字 😀", "four"];
  const [before, after, raw] = ["before.bin", "after.bin", "raw.bin"]
    .map((name) => `${dir.path}/${name}`);
  {
    using writer = new BinWriter(before); // as llm.c
    for (const text of texts) writer.write([END_OF_TEXT, ...encode(text)]);
    writer.finish();
  }
  {
    using writer = new BinWriter(after);
    for (const text of texts) writer.write([...encode(text), END_OF_TEXT]);
    writer.finish();
  }
  const tokens = Uint16Array.from(texts.flatMap((text) => [...encode(text), END_OF_TEXT]));
  await Deno.writeFile(raw, new Uint8Array(tokens.buffer));
  for (const file of [before, after, raw]) {
    let read = 0;
    const result = await inspect([shard(file)], { onRead: (bytes) => read += bytes });
    assertEquals(result.documents, 3);
    assertEquals([result.characters, result.bytes], [7 + 4 + 4, 7 + 11 + 4]);
    assertEquals(result.tokens, tokens.length);
    assertEquals(result.languages, { "": 3 });
    assertEquals(result.examples.map(({ tokens }) => tokens), texts.map(encode));
    assertEquals(read, 2 * tokens.length);
  }
});

Deno.test("inspect reads a document of token files across chunks", async () => {
  await using dir = new TempDir();
  const path = `${dir.path}/a.bin`;
  const moon = encode("🌕"); // two tokens and more, a character together
  {
    using writer = new BinWriter(path);
    writer.write(encode("a".repeat(1)));
    for (let i = 0; i < 600_000; i++) writer.write(moon);
    writer.finish();
  }
  const { documents, characters, tokens, lengths } = await inspect([shard(path)], { examples: 0 });
  assertEquals([documents, characters], [1, 600_001]);
  assertEquals(tokens, 600_000 * moon.length + 2);
  assertEquals(lengths.at(-1), 1);
});
