import { cpuUsage } from "node:process";
/** Data that is not what it should be: each an error with its place, or skipped and counted. */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { Buffer } from "node:buffer";
import { createInflateRaw, createZstdDecompress, gzipSync } from "node:zlib";
import { DataError } from "../../src/data/files/data_error.ts";
import { Decompressor } from "../../src/data/files/decompressor.ts";
import { readDocuments } from "../../src/data/text/documents.ts";
import { findShards } from "../../src/data/files/sources.ts";
import { inspect } from "../../src/data/inspect.ts";
import { UserError } from "../../src/errors.ts";
import type { DocumentOptions } from "../../src/data/text/block.ts";
import { encode } from "../../src/tokens/tokenizer.ts";
import { FileServer, serveFile } from "./file_server.ts";
import {
  bomb,
  checkedFrame,
  concat,
  frame,
  joined,
  jsonl,
  LFS_POINTER,
  shardsOf,
  sparseMember,
  tar,
  TAR_END,
  tarMember,
  TempDir,
} from "./fixtures.ts";

const SKIP = { skipBad: true };

const bytes = (text: string) => new TextEncoder().encode(text);

/** The texts in a file of some name and content. */
async function read(name: string, content: Uint8Array | string, options?: DocumentOptions) {
  await using dir = new TempDir();
  const [shard] = shardsOf(await dir.write(name, content));
  const documents = await Array.fromAsync(readDocuments({ ...shard, name }, options));
  return documents.map(({ text }) => text);
}

/** The texts with `skipBad`, and how often it skipped something. */
async function skim(name: string, content: Uint8Array | string, options?: DocumentOptions) {
  let bad = 0;
  const texts = await read(name, content, { ...options, skipBad: true, onBad: () => bad++ });
  return { texts, bad };
}

async function fails(name: string, content: Uint8Array | string, options?: DocumentOptions) {
  return (await assertRejects(() => read(name, content, options), DataError)).message;
}

Deno.test("a line that is not UTF-8 is told with its place, or skipped", async () => {
  const content = concat(bytes('"one"\n"caf'), new Uint8Array([0xe9]), bytes('"\n"two"\n'));
  assertEquals(
    await fails("a.jsonl", content),
    "a.jsonl:2: not UTF-8 text at byte 4 of the line (the line begins at byte 6); skip such " +
      "lines with --skip-bad",
  );
  assertEquals(await skim("a.jsonl", content), { texts: ["one", "two"], bad: 1 });
  const cut = concat(bytes('"one"\n"'), new Uint8Array([0xf0, 0x9f]));
  assert((await fails("a.jsonl", cut)).startsWith("a.jsonl:2: not UTF-8 text at byte 1"));
});

Deno.test("plain text that is not UTF-8 is told with its place, or read over", async () => {
  const before = "é".repeat(100_000); // more than a chunk, with a cut in a character
  const content = concat(bytes("x" + before), new Uint8Array([0xff]), bytes(" after"));
  assertEquals(
    await fails("a.txt", content),
    "a.txt: not UTF-8 text at byte 200001; convert it with iconv, or read over such bytes with " +
      "--skip-bad",
  );
  const { texts, bad } = await skim("a.txt", content);
  assertEquals([texts.join(""), bad], [`x${before}\ufffd after`, 1]);
  const cut = concat(bytes("abc"), new Uint8Array([0xf0, 0x9f]));
  assert((await fails("a.txt", cut)).startsWith("a.txt: not UTF-8 text at byte 3;"));
  assertEquals(await skim("a.txt", cut), { texts: ["abc\ufffd"], bad: 1 });
});

Deno.test("UTF-16 is told to be no UTF-8", async () => {
  const utf16 = new Uint8Array(new Uint16Array([0xfeff, 0x22, 0x61, 0x22, 0x0a]).buffer);
  assert((await fails("a.jsonl", utf16)).startsWith("a.jsonl:1: not UTF-8 text at byte 0"));
  assert((await fails("a.txt", utf16)).startsWith("a.txt: not UTF-8 text at byte 0"));
});

Deno.test("a byte-order mark at the beginning is dropped, any other is text", async () => {
  assertEquals(await read("a.jsonl", '\ufeff"one"\n"\ufefftwo"\n'), ["one", "\ufefftwo"]);
  assertEquals(await read("a.jsonl", '\ufeff\n"one"\n'), ["one"]);
  assertEquals(await read("a.txt", "\ufeffone \ufefftwo"), ["one \ufefftwo"]);
  assertEquals(await read("a.txt", "\ufeff"), []);
});

Deno.test("lone surrogates become U+FFFD, pairs stay", async () => {
  const line = String.raw`{"text": "\ud800 \udc00\ud83c \ud83c\udf15", "meta": {"lang": "en"}}`;
  assertEquals(await read("a.jsonl", line), ["\ufffd \ufffd\ufffd 🌕"]);
  const paragraphs = String.raw`{"text": ["a\ud83c", "\udf15"]}`;
  const [text] = await read("a.jsonl", paragraphs);
  assertEquals(text, "a\ufffd\n\n\ufffd");
  assertEquals(encode(text), encode("a\ufffd\n\n\ufffd"));
});

Deno.test("NUL is a character in text; as a byte in JSON it is bad", async () => {
  assertEquals(await read("a.jsonl", String.raw`"a\u0000b"`), ["a\0b"]);
  assertEquals(await read("a.txt", "a\0b"), ["a\0b"]);
  const unwritten = concat(bytes('"one"\n'), new Uint8Array(10_000));
  assertEquals(
    await fails("a.jsonl", unwritten),
    "a.jsonl:2: NUL bytes, as where a file was not written to its end (the line begins at " +
      "byte 6); skip such lines with --skip-bad",
  );
  assertEquals(await skim("a.jsonl", unwritten), { texts: ["one"], bad: 1 });
});

Deno.test("lines end in LF or CR LF, plain text stays as it is", async () => {
  assertEquals(await read("a.jsonl", '"one"\r\n\r\n{"text": "two\\r\\n"}\r\n'), ["one", "two\r\n"]);
  assertEquals(await read("a.txt", "one\r\ntwo\r\n"), ["one\r\ntwo\r\n"]);
});

Deno.test("<|endoftext|> in a document is text", async () => {
  assertEquals(await read("a.jsonl", '"a<|endoftext|>b"'), ["a<|endoftext|>b"]);
});

Deno.test("empty documents and blank lines are no documents, and not bad", async () => {
  const lines = '""\n{"text": ""}\n{"text": []}\n\n \t\n"one"\n';
  assertEquals(await skim("a.jsonl", lines), { texts: ["one"], bad: 0 });
});

Deno.test("a file without a byte is told, whatever its kind, or skipped", async () => {
  for (const name of ["a.jsonl", "a.txt", "a.jsonl.zst", "a.txt.gz"]) {
    const message = `${name} is empty; get it again, or skip it with --skip-bad`;
    assertEquals(await fails(name, ""), message);
    assertEquals(await skim(name, ""), { texts: [], bad: 1 });
  }
});

Deno.test("a line over the limit is told with its place, or skipped", async () => {
  const lines = jsonl(["one", "x".repeat(1000), "two"]);
  const kinds = [["a.jsonl", lines, "byte"], [
    "a.jsonl.zst",
    frame(lines),
    "unpacked byte",
  ]] as const;
  for (const [name, content, unit] of kinds) {
    assertEquals(
      await fails(name, content, { maxLineBytes: 500 }),
      `${name}:2: longer than 500 bytes (the line begins at ${unit} 15); skip such lines with ` +
        "--skip-bad",
    );
    assertEquals(await skim(name, content, { maxLineBytes: 500 }), {
      texts: ["one", "two"],
      bad: 1,
    });
  }
});

Deno.test("a zip bomb is told of before it is in memory", async () => {
  const inflated = gzipSync(new Uint8Array(2 ** 26));
  const bombs: [string, Uint8Array][] = [
    ["a.jsonl.zst", concat(frame('"one"\n'), bomb(1024))],
    ["a.jsonl.gz", concat(gzipSync('"one"\n'), ...Array(16).fill(inflated))],
  ];
  for (const [name, content] of bombs) {
    const before = Deno.memoryUsage().rss;
    const message = await fails(name, content);
    assertEquals(
      message,
      `${name}:2: longer than 67,108,864 bytes (the line begins at unpacked byte 6); skip such ` +
        "lines with --skip-bad",
    );
    assert(Deno.memoryUsage().rss - before < 600e6);
  }
});

Deno.test("damage ends a file, with all that is whole before it, and counts as one", async () => {
  const texts = Array.from({ length: 3000 }, (_, i) => `document ${i * i}`);
  const [first, second] = [jsonl(texts.slice(0, 10)), jsonl(texts.slice(10))];
  const cut = (whole: Uint8Array) => whole.slice(0, -20);
  const damaged = (whole: Uint8Array) => whole.with(-5, whole.at(-5)! ^ 1);
  const zst = concat(frame(first), checkedFrame(second));
  const gz = concat(gzipSync(first), gzipSync(second));
  const cases: [string, Uint8Array, string][] = [
    ["a.jsonl.zst", cut(zst), "is truncated"],
    ["a.jsonl.zst", damaged(zst), "is damaged"],
    ["a.jsonl.zst", concat(frame(first), bytes("<html>")), "is damaged"],
    ["a.jsonl.gz", cut(gz), "is truncated"],
    ["a.jsonl.gz", damaged(gz), "is damaged"],
    ["a.jsonl.gz", concat(gz, bytes("<html>")), "has something else after its gzip data"],
    ["a.jsonl.zst", concat(frame('"document 0"\n'), frame("x").slice(0, 6)), "is truncated"],
  ];
  for (const [name, content, message] of cases) {
    assert((await fails(name, content)).startsWith(`${name} ${message}`));
    const { texts: kept, bad } = await skim(name, content);
    assertEquals(bad, 1);
    assert(kept.length > 0);
    assertEquals(kept, texts.slice(0, kept.length));
    if (content.length > 1000) assert(kept.length >= 10);
  }
  // The line in which the damage is never passes for a whole one, though it looks like it.
  const halves = concat(frame('"one"\n'), frame('"two" '), frame("x").slice(0, 6));
  assertEquals(await skim("a.jsonl.zst", halves), { texts: ["one"], bad: 1 });
  const plain = concat(gzipSync("some text"), bytes("<html>"));
  assertEquals(await skim("a.txt.gz", plain), { texts: ["some text"], bad: 1 });
});

Deno.test("an archive on a server that gives no parts is read in order", async () => {
  const archive = tar(
    ["b.jsonl.zst", frame(jsonl(["b1", "b2"]))],
    ["README", "x".repeat(2000)],
    ["a.jsonl", jsonl(["a1"]) + "bad\n" + jsonl(["a2"])],
    ["c.jsonl.gz", gzipSync(jsonl(["c1"]))],
  );
  let answer = archive;
  let numbers = [0, 1, 2, 4, 5]; // of the lines of the archive
  await using server = new FileServer(() => ({ body: answer }));
  const url = `${server.url}/a.tar`;
  const readAll = async (options?: DocumentOptions) => {
    const [shard] = await findShards([url]);
    const documents = await Array.fromAsync(readDocuments(shard, options));
    assertEquals(documents.map(({ number }) => number), numbers);
    return documents.map(({ text, file, line }) => [text, file.slice(url.length), line]);
  };
  await assertRejects(readAll, DataError, `${url}/a.jsonl:2: not JSON`);
  let bad = 0;
  const skipBad = { skipBad: true, onBad: () => bad++ };
  assertEquals(await readAll(skipBad), [
    ...[["b1", "/b.jsonl.zst", 1], ["b2", "/b.jsonl.zst", 2]],
    ...[["a1", "/a.jsonl", 1], ["a2", "/a.jsonl", 3], ["c1", "/c.jsonl.gz", 1]],
  ]);
  assertEquals(bad, 1);

  answer = tar(["a.jsonl", jsonl(["a1"])], ["b.txt", "text"]);
  await assertRejects(readAll, Error, `${url}/b.txt cannot be read in an archive on this server`);
  bad = 0;
  numbers = [0];
  answer = tar(["a.jsonl", jsonl(["a1", "a2"])]).slice(0, 512 + 20); // within a2
  assertEquals((await readAll(skipBad)).length, 1);
  assertEquals(bad, 1);
  answer = tar(["a.jsonl", jsonl(["a1"])]).slice(0, 1024);
  await assertRejects(readAll, DataError, `${url} is cut short: it ends at byte 1024`);
});

Deno.test("an archive that is cut short counts as one", async () => {
  await using dir = new TempDir();
  const whole = tar(["a.jsonl", jsonl(["a1"])], ["b.jsonl", jsonl(["b1", "b2"])]);
  const path = await dir.write("a.tar", whole.slice(0, 1024 + 512 + 20)); // within b2
  let bad = 0;
  const skipBad = { skipBad: true, onBad: () => bad++ };
  const texts: string[] = [];
  for (const shard of await findShards([path], skipBad)) {
    for await (const { text } of readDocuments(shard, skipBad)) texts.push(text);
  }
  assertEquals([texts, bad], [["a1", "b1"], 1]);
});

Deno.test("a connection that is lost is not bad data, and never skipped", async () => {
  const content = bytes(jsonl(Array(5000).fill("a line of text")));
  await using server = new FileServer((request) => ({
    ...serveFile(request, content),
    cut: 50_000,
  }));
  await using limited = new FileServer(() => ({ body: content, cut: 50_000 }));
  const readAll = async ({ url }: FileServer) => {
    const [shard] = await findShards([`${url}/a.jsonl`]);
    const options = { skipBad: true, http: { delay: 1 } };
    return await Array.fromAsync(readDocuments(shard, options));
  };
  assertEquals((await readAll(server)).length, 5000);
  const error = await assertRejects(() => readAll(limited), Error, "cannot go on from there");
  assert(!(error instanceof DataError));
});

Deno.test("a sparse file in an archive is told by its name, or it alone is skipped", async () => {
  await using dir = new TempDir();
  const archive = concat(
    tarMember("a.jsonl", '"a"\n'),
    sparseMember("s.jsonl"),
    tarMember("z.jsonl", '"z"\n'),
    TAR_END,
  );
  await using limited = new FileServer(() => ({ body: archive }));
  for (const source of [await dir.write("b.tar", archive), `${limited.url}/b.tar`]) {
    const message = "b.tar/s.jsonl is a sparse file";
    const look = async () => await inspect(await findShards([source]));
    await assertRejects(look, DataError, message);
    let bad = 0;
    const shards = await findShards([source], { ...SKIP, onBad: () => bad++ });
    const { documents, skipped } = await inspect(shards, SKIP);
    assertEquals([documents, skipped + bad], [2, 1]);
  }
});

Deno.test("what stands for a file that Git LFS has not fetched is named, and never skipped", async () => {
  const message = "is a Git LFS pointer, not the file: run git lfs pull";
  const kinds = ["txt", "jsonl", "txt.gz", "jsonl.zst", "tar", "bin"];
  await using server = new FileServer((request) => serveFile(request, bytes(LFS_POINTER)));
  await using dir = new TempDir();
  for (const kind of kinds) {
    const path = await dir.write(`a.${kind}`, LFS_POINTER);
    const urls = kind === "bin" ? [] : [`${server.url}/a.${kind}`];
    for (const source of [path, ...urls]) {
      const skim = async () => await inspect(await findShards([source], SKIP), SKIP);
      const error = await assertRejects(skim, UserError, `a.${kind} ${message}`);
      assert(!(error instanceof DataError));
    }
  }
  const archive = tar(["b.jsonl", LFS_POINTER]);
  await using limited = new FileServer(() => ({ body: archive }));
  for (const source of [await dir.write("b.tar", archive), `${limited.url}/b.tar`]) {
    const skim = async () => await inspect(await findShards([source], SKIP), SKIP);
    await assertRejects(skim, UserError, `b.tar/b.jsonl ${message}`);
  }
});

Deno.test("millions of blank lines, and thousands of empty frames, take next to no time", async () => {
  /** The least of three CPU times, in microseconds. */
  const time = async (action: () => Promise<unknown>) => {
    const times: number[] = [];
    for (let i = 0; i < 3; i++) {
      const before = cpuUsage();
      await action();
      const { user, system } = cpuUsage(before);
      times.push(user + system);
    }
    return Math.min(...times);
  };
  const reads = (name: string, content: Uint8Array | string) =>
    time(async () => assertEquals(await read(name, content), []));
  const count = 300_000;
  const parsed = await reads("a.jsonl", '""\n'.repeat(count));
  for (const line of ["\n", "\r\n", " \t\n"]) {
    const blank = await reads("a.jsonl", line.repeat(count));
    assert(blank < 0.5 * parsed, `${JSON.stringify(line)}: ${blank}, not ${parsed}`);
  }
  const frames = 2000;
  const gzip = new Uint8Array(gzipSync(""));
  const room = Buffer.alloc(2 ** 19);
  const unzstd = () => new Decompressor(createZstdDecompress({ chunkSize: room.length }), room);
  const inflate = () => new Decompressor(createInflateRaw({ chunkSize: 2 ** 17 }));
  const kinds = [
    ["a.jsonl.zst", frame(""), frame(""), unzstd],
    ["a.jsonl.zst", checkedFrame(""), checkedFrame(""), unzstd],
    ["a.jsonl.gz", gzip, gzip.slice(10, 12), inflate],
  ] as const;
  for (const [name, one, packed, create] of kinds) {
    const many = await reads(name, joined(Array(frames).fill(one)));
    const each = await time(async () => { // with a decompressor of its own
      for (let i = 0; i < frames; i++) {
        const decompressor = create();
        await decompressor.push(packed);
        decompressor.close();
      }
    });
    assert(many < 0.7 * each, `${name}: ${many}, not ${each}`);
  }
  const lines = joined(Array.from({ length: 1000 }, (_, i) => checkedFrame(`"${i}"\n`)));
  assertEquals(await read("a.jsonl.zst", lines), Array.from({ length: 1000 }, (_, i) => `${i}`));
  const wrong = checkedFrame("");
  wrong[wrong.length - 1] ^= 1;
  assertMatch(await fails("a.jsonl.zst", concat(checkedFrame(""), wrong)), /damaged/);
  const member = new Uint8Array(gzipSync(""));
  member[member.length - 1] ^= 1;
  assertMatch(await fails("a.jsonl.gz", concat(gzipSync(""), member)), /its length differs/);
});
