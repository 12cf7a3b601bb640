import { assert, assertEquals, assertRejects } from "@std/assert";
import { gzipSync } from "node:zlib";
import { type Document, readDocuments } from "../../../src/data/text/documents.ts";
import { findShards } from "../../../src/data/files/sources.ts";
import type { DocumentOptions } from "../../../src/data/text/block.ts";
import { UserError } from "../../../src/errors.ts";
import { concat, frame, jsonl, shardsOf, tar, TempDir } from "../fixtures.ts";

async function read(file: string, options?: DocumentOptions): Promise<Document[]> {
  return await Array.fromAsync(readDocuments(shardsOf(file)[0], options));
}

Deno.test("readDocuments reads objects, bare strings and lists of paragraphs", async () => {
  await using dir = new TempDir();
  const lines = [
    '{"text": "an object", "meta": {"url": "x"}}',
    '"a bare string"',
    "",
    '{"meta": 1, "text": ["a list", "of paragraphs"]}',
    "   ",
    '{"text": ""}',
    '{"text": []}',
    '{"text": "caf\\u00e9 🌕\\n<|endoftext|>"}',
  ];
  const expected = (file: string) =>
    [
      ["an object", 1],
      ["a bare string", 2],
      ["a list\n\nof paragraphs", 4],
      ["café 🌕\n<|endoftext|>", 8],
    ].map(([text, line]) => ({ text, file, line, number: Number(line) - 1, whole: true }));

  for (const [newline, end] of [["\n", "\n"], ["\n", ""], ["\r\n", "\r\n"]]) {
    const content = lines.join(newline) + end;
    const plain = await dir.write("a.jsonl", content);
    assertEquals<unknown>(await read(plain), expected(plain));
    const packed = await dir.write("a.jsonl.zst", frame(content));
    assertEquals<unknown>(await read(packed), expected(packed));
  }
});

Deno.test("readDocuments reads documents and characters across zstd frames", async () => {
  await using dir = new TempDir();
  const line = new TextEncoder().encode('"one 🌕"\n"two"\n');
  const parts = [line.slice(0, 7), line.slice(7, 12), line.slice(12)]; // the first cut is in 🌕
  const file = await dir.write("a.jsonl.zst", concat(...parts.map(frame)));
  assertEquals((await read(file)).map(({ text }) => text), ["one 🌕", "two"]);
});

Deno.test("readDocuments names the file and line of a bad line", async () => {
  await using dir = new TempDir();
  const cases: [string, string][] = [
    ["not json", "not JSON"],
    ['{"text": "cut o', "not JSON"],
    ['{"title": "x"}', 'no "text"'],
    ["17", 'no "text"'],
    ["null", 'no "text"'],
    ['["a"]', 'no "text"'],
    ['{"text": 17}', '"text" is neither a string nor a list of strings'],
    ['{"text": ["a", 17]}', '"text" is neither a string nor a list of strings'],
  ];
  for (const [line, what] of cases) {
    const file = await dir.write("a.jsonl", `"fine"\n\n${line}\n"fine too"\n`);
    const error = await assertRejects(() => read(file), UserError);
    assertEquals(
      error.message,
      `${file}:3: ${what} (the line begins at byte 8); skip such lines with --skip-bad`,
    );
    let bad = 0;
    const documents = await read(file, { skipBad: true, onBad: () => bad++ });
    assertEquals(documents.map(({ text }) => text), ["fine", "fine too"]);
    assertEquals(bad, 1);
  }
});

Deno.test("readDocuments with skipBad keeps what comes before a truncation and counts one", async () => {
  await using dir = new TempDir();
  const texts = Array.from({ length: 3000 }, (_, i) => `document ${i * i}`);
  const whole = concat(frame(jsonl(texts.slice(0, 10))), frame(jsonl(texts.slice(10))));
  const file = await dir.write("a.jsonl.zst", whole.slice(0, -20));
  await assertRejects(() => read(file), UserError, `${file} is truncated`);
  let bad = 0;
  const kept = await read(file, { skipBad: true, onBad: () => bad++ });
  assertEquals(bad, 1);
  assert(kept.length >= 10 && kept.length < 3000);
  assertEquals(kept.map(({ text }) => text), texts.slice(0, kept.length));

  // Truncated between frames' ends, exactly after a line.
  const even = await dir.write("b.jsonl.zst", concat(frame('"one"\n'), frame("x").slice(0, 6)));
  assertEquals((await read(even, { skipBad: true, onBad: () => bad++ })).length, 1);
  assertEquals(bad, 2);
});

Deno.test("readDocuments reads a .txt file in pieces, with their lines", async () => {
  await using dir = new TempDir();
  const text = "a line of text\n".repeat(2000);
  const file = await dir.write("a.txt", text);
  const documents = await read(file);
  assertEquals(documents.map((document) => document.text).join(""), text);
  assert(documents.length > 5);
  for (const { line, whole } of documents) {
    assert(!whole);
    assertEquals(text.split("\n")[line - 1], "a line of text");
  }
  assertEquals(documents.map(({ number }) => number), documents.map((_, i) => i));
  assertEquals(documents[0].line, 1);
  assertEquals(documents[1].line, 1 + documents[0].text.split("\n").length - 1);
});

Deno.test("readDocuments reports a file that cannot be opened", async () => {
  await using dir = new TempDir();
  const file = `${dir.path}/none.jsonl`;
  await assertRejects(() => read(file), UserError, `cannot read ${file}`);
});

const sanitize = { sanitizeOps: true, sanitizeResources: true };

Deno.test("readDocuments closes the file when cancelled or failed", sanitize, async () => {
  await using dir = new TempDir();
  const text = "x".repeat(20_000);
  const lines = jsonl(Array(500).fill(text)); // 10 MB
  for (const [name, content] of [["a.jsonl", lines], ["a.jsonl.zst", frame(lines)]] as const) {
    const file = await dir.write(name, content);
    for await (const document of readDocuments(shardsOf(file)[0])) {
      assertEquals(document.text, text);
      break;
    }
  }
  const bad = await dir.write("b.jsonl", "bad\n" + lines);
  await assertRejects(() => read(bad), UserError);
});

Deno.test("readDocuments reads no further ahead than asked", async () => {
  await using dir = new TempDir();
  const lines = jsonl(Array(500).fill("x".repeat(20_000))); // 10 MB
  const file = await dir.write("a.jsonl", lines + "bad\n"); // to meet the bad line would fail
  const documents = readDocuments(shardsOf(file)[0]);
  await documents.next();
  await new Promise((resolve) => setTimeout(resolve, 50));
  assertEquals((await documents.next()).value!.line, 2);
  await documents.return(undefined);
});

Deno.test("readDocuments reads every kind of file, and members of archives", async () => {
  await using dir = new TempDir();
  const lines = jsonl(["one", "two 🌕"]);
  const files: [string, string | Uint8Array][] = [
    ["a.jsonl", lines],
    ["b.jsonl.gz", gzipSync(lines)],
    ["c.jsonl.zst", frame(lines)],
    ["d.txt", lines],
    ["e.txt.gz", gzipSync(lines)],
    ["f.txt.zst", frame(lines)],
  ];
  for (const [name, content] of files) await dir.write(name, content);
  await dir.write("g.tar", tar(...files));
  const shards = await findShards([dir.path]);
  assertEquals(shards.length, 12);
  for (const shard of shards) {
    let read = 0;
    const options = { onRead: (bytes: number) => read += bytes };
    const documents = await Array.fromAsync(readDocuments(shard, options));
    const isPlain = shard.name.includes(".txt");
    assertEquals(documents.map(({ text }) => text), isPlain ? [lines] : ["one", "two 🌕"]);
    assert(documents.every(({ file, whole }) => file === shard.name && whole === !isPlain));
    assertEquals(read, shard.size);
  }
});

Deno.test("readDocuments tells the language where the line does", async () => {
  await using dir = new TempDir();
  const lines = [
    '{"text": "a", "meta": {"lang": "en"}}',
    '{"text": "b", "meta": {"lang": 1}}',
    '{"text": "c", "meta": null}',
    '{"text": ["d"], "meta": {"lang": "de"}}',
  ];
  const file = await dir.write("a.jsonl", lines.join("\n"));
  assertEquals((await read(file)).map(({ lang }) => lang), ["en", undefined, undefined, "de"]);
});

Deno.test("readDocuments refuses a file of tokens", async () => {
  await using dir = new TempDir();
  const file = await dir.write("a.bin", "x");
  await assertRejects(() => read(file), UserError, `${file} holds no text`);
});
