import { gzipSync } from "node:zlib";
import { assertEquals, assertRejects } from "@std/assert";
import { spool } from "../../src/data/spool.ts";
import { UserError } from "../../src/errors.ts";
import { concat, frame, tar, TempDir } from "./fixtures.ts";

const utf8 = new TextEncoder();

/** Spools bytes, a few at a time; returns what became of them. */
async function spoolAll(bytes: Uint8Array) {
  await using dir = new TempDir();
  const chunk = Math.max(1, Math.ceil(bytes.length / 7));
  const input = ReadableStream.from((function* () {
    for (let at = 0; at < bytes.length; at += chunk) yield bytes.subarray(at, at + chunk);
  })());
  const names = () => [...Deno.readDirSync(dir.path)].map(({ name }) => name);
  try {
    const file = await spool(input, dir.path);
    assertEquals(await Deno.readFile(file.path), bytes);
    assertEquals([names(), file.bytes], [[file.path.slice(dir.path.length + 1)], bytes.length]);
    return names()[0];
  } catch (error) {
    assertEquals(names(), []);
    throw error;
  }
}

Deno.test("what is spooled is documents if its first lines are JSON of such, and else a text", async () => {
  const kinds: Record<string, string> = {
    'a\n{"text": "b"}\n': "stdin.txt",
    '{"text": "a"}': "stdin.jsonl",
    '\n \n{"text": "a"}\nnot JSON\n': "stdin.jsonl",
    '{"title": "a"}\n': "stdin.jsonl",
    '\ufeff{"text": "a"}\n': "stdin.jsonl",
    '{\n  "text": "a"\n}\n': "stdin.txt",
    '"a"': "stdin.jsonl",
    '"a"\n\n"b"\n': "stdin.jsonl",
    '"a"\n{"text": "b"}\n': "stdin.jsonl",
    '"Who is there?"\nNobody answered.\n': "stdin.txt",
    "[1]\n": "stdin.txt",
    "7\n": "stdin.txt",
  };
  for (const [text, name] of Object.entries(kinds)) {
    assertEquals(await spoolAll(utf8.encode(text)), name, text);
    assertEquals(await spoolAll(frame(text)), `${name}.zst`, text);
    assertEquals(await spoolAll(new Uint8Array(gzipSync(text))), `${name}.gz`, text);
  }
  const long = concat(utf8.encode('{"text": "'), new Uint8Array(1e6).fill(97), utf8.encode('"}'));
  assertEquals(await spoolAll(long), "stdin.jsonl");
  assertEquals(await spoolAll(long.subarray(1)), "stdin.txt");
  assertEquals(await spoolAll(Uint8Array.of(0xff, 0xfe, 10)), "stdin.txt");
  assertEquals(await spoolAll(tar(["a.txt", "a"])), "stdin.tar");
});

Deno.test("there must be something to spool, and whole if it is packed", async () => {
  const fails = (bytes: Uint8Array, message: string) =>
    assertRejects(() => spoolAll(bytes), UserError, message);
  const empty = "standard input is empty: the program before may have failed";
  await fails(new Uint8Array(), empty);
  await fails(utf8.encode(" \n\n"), empty);
  await fails(frame("\n"), empty);
  const cut = frame("a".repeat(1000)).subarray(0, -3);
  await fails(cut, "standard input.jsonl.zst is truncated");
});
