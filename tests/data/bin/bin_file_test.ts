import { assertEquals, assertThrows } from "@std/assert";
import { BinFile, DocumentCounter, isBin } from "../../../src/data/bin/bin_file.ts";
import { END_OF_TEXT } from "../../../src/tokens/tokenizer.ts";
import { UserError } from "../../../src/errors.ts";
import { concat, LFS_POINTER, TempDir } from "../fixtures.ts";

const tokens = (...values: number[]) => new Uint8Array(Uint16Array.from(values).buffer);

/** llm.c's header, with `count` tokens. */
function header(count: number, magic = 20240520, version = 1): Uint8Array {
  const numbers = new Int32Array(256);
  numbers.set([magic, version, count]);
  return new Uint8Array(numbers.buffer);
}

const readAll = (source: string) => {
  using file = BinFile.open({ name: source, source });
  return [...file.chunks()].flatMap((chunk) => [...chunk]);
};

Deno.test("llm.c's and nanoGPT's files are read", async () => {
  await using dir = new TempDir();
  const llmc = await dir.write("a.bin", concat(header(4), tokens(END_OF_TEXT, 1, 2, 3)));
  assertEquals(readAll(llmc), [END_OF_TEXT, 1, 2, 3]);
  const nano = await dir.write("b.bin", tokens(15496, 995, END_OF_TEXT));
  assertEquals(readAll(nano), [15496, 995, END_OF_TEXT]);
  assertEquals(readAll(await dir.write("c.bin", tokens(7))), [7]);
});

Deno.test("tokens are read from anywhere in a file", async () => {
  await using dir = new TempDir();
  const numbers = Array.from({ length: 5000 }, (_, i) => i * 10);
  for (const head of [new Uint8Array(), header(5000)]) {
    const source = await dir.write("a.bin", concat(head, tokens(...numbers)));
    using file = BinFile.open({ name: "a", source });
    assertEquals(file.count, 5000);
    const buffer = new Uint16Array(7);
    for (const first of [4993, 0, 1234]) {
      file.read(first, buffer);
      assertEquals([...buffer], numbers.slice(first, first + 7));
      assertEquals(file.offset(first), head.length + 2 * first);
    }
  }
});

Deno.test("files of more tokens than are read at once", async () => {
  await using dir = new TempDir();
  const numbers = Uint16Array.from({ length: 2 ** 20 + 5 }, (_, i) => i % 50000);
  const source = await dir.write("a.bin", new Uint8Array(numbers.buffer));
  using file = BinFile.open({ name: "a", source });
  const chunks = [...file.chunks()];
  assertEquals(chunks.map((chunk) => chunk.length), [2 ** 20, 5]);
  assertEquals([...chunks[1]], [...numbers.subarray(2 ** 20)]);
});

Deno.test("files that hold no GPT-2 tokens are errors, with the byte", async () => {
  await using dir = new TempDir();
  const whole = concat(header(3), tokens(1, 2, 3));
  const cases: [Uint8Array, string][] = [
    [new Uint8Array(), "a.bin is empty"],
    [tokens(1, 2).subarray(0, 3), "ends at byte 3, inside a 16-bit token"],
    [
      whole.subarray(0, 1029),
      "has 1029 bytes, but its header (byte 8) says 3 tokens, which take 1030",
    ],
    [concat(whole, tokens(4)), "has 1032 bytes, but its header (byte 8) says 3 tokens"],
    [whole.subarray(0, 600), "ends at byte 600, inside its header"],
    [concat(header(3, 20240520, 7), tokens(1, 2, 3)), "is of version 7 (byte 4), not of version 1"],
    [header(0), "its header (byte 8) says 0 tokens"],
    [header(-5), "its header (byte 8) says -5 tokens"],
    [
      concat(header(3, 20240801, 7), tokens(1, 2, 3)),
      "begins with 20240801, the number of llm.c's files of tokens of Llama 3's vocabulary",
    ],
    [header(3, 20240522), "begins with 20240522, the number of llm.c's files of HellaSwag's"],
    [header(3, 20240328), "begins with 20240328, the number of llm.c's files of a tokenizer"],
    [header(3, 20240801 + 1), "55714 at byte 0 is no GPT-2 token"],
    [tokens(1, 2, 50257, 4), "50257 at byte 4 is no GPT-2 token, which are below 50257"],
    [concat(header(3), tokens(1, 65535, 3)), "65535 at byte 1026 is no GPT-2 token"],
  ];
  for (const [bytes, message] of cases) {
    const path = await dir.write("a.bin", bytes);
    const error = assertThrows(() => readAll(path), UserError, message);
    assertEquals(error.message.includes("\n"), false);
    assertEquals(error.message.startsWith(path), true);
  }
  const remote = { name: "http://a/b.bin", source: "http://a/b.bin" };
  assertThrows(() => BinFile.open(remote), UserError, "b.bin: token files are read on disk");
  const missing = `${dir.path}/missing.bin`;
  assertThrows(() => readAll(missing), UserError, `${missing}: cannot read: No such file`);
});

Deno.test("a file that becomes shorter while it is read is an error", async () => {
  await using dir = new TempDir();
  const source = await dir.write("a.bin", tokens(1, 2, 3, 4));
  using file = BinFile.open({ name: "a.bin", source });
  await Deno.truncate(source, 4);
  const call = () => file.read(1, new Uint16Array(3));
  assertThrows(call, UserError, "a.bin has become shorter since it was opened");
});

Deno.test("documents are counted whether <|endoftext|> comes before or after each", () => {
  const count = (...chunks: number[][]) => {
    const counter = new DocumentCounter();
    for (const chunk of chunks) counter.push(Uint16Array.from(chunk));
    return counter.count;
  };
  const e = END_OF_TEXT;
  assertEquals(count([1, 2, e, 3, e]), 2);
  assertEquals(count([e, 1, 2, e, 3]), 2);
  assertEquals(count([e, e, e]), 0);
  assertEquals(count([1, 2], [3, e], [4]), 2);
  assertEquals(count(), 0);
});

Deno.test("isBin goes by the name", () => {
  assertEquals(isBin({ name: "a/train.bin", source: "x" }), true);
  assertEquals(isBin({ name: "a.bin/train.txt", source: "x" }), false);
});

Deno.test("what passes for tokens and is none is told by what it is", async () => {
  await using dir = new TempDir();
  const ids = Array.from({ length: 50_000 }, (_, i) => i * 7919 % 50257);
  const bytesOf = (array: Uint32Array | BigUint64Array) => new Uint8Array(array.buffer);
  const wide = Uint32Array.from(ids);
  const long = BigUint64Array.from(ids, BigInt);
  const text = new TextEncoder().encode("It was a dark and stormy night. ".repeat(2000));
  const numpy = Uint8Array.of(0x93, ...new TextEncoder().encode("NUMPY"), 1, 0);
  const cases: [Uint8Array, string][] = [
    [bytesOf(wide), 'a.bin", dtype=np.uint32).astype(np.uint16).tofile('],
    [bytesOf(wide.subarray(0, 16).slice()), "holds tokens of 32 bits"],
    [bytesOf(long), 'a.bin", dtype=np.uint64).astype(np.uint16).tofile('],
    [bytesOf(wide.map((id, i) => i % 100 === 3 ? 128_000 : id)), "32 bits, not all of which are"],
    [bytesOf(wide.with(3, 50257)), "not all of which are GPT-2 tokens, below 50257"],
    [text, "holds text, not tokens: rename it to end in .txt"],
    [concat(numpy, tokens(...ids)), 'a.bin").ravel().astype(np.uint16).tofile('],
    [new Uint8Array(2 ** 20), "holds zeros only"],
    [concat(header(100), new Uint8Array(400)), "tokens of 32 bits, not of 16"],
    [new TextEncoder().encode(LFS_POINTER), "is a Git LFS pointer, not the file: run git lfs pull"],
  ];
  for (const [bytes, message] of cases) {
    const path = await dir.write("a.bin", bytes);
    const error = assertThrows(() => readAll(path), UserError, message);
    assertEquals(error.code, "DATA");
    assertEquals(error.message.includes("\n"), false);
    assertEquals(error.message.startsWith(path), true);
  }
  // A document of nothing but `!` and another token, in a file of others.
  const odd = ids.with(0, 1).map((id, i) => i < 2000 && i % 2 === 1 ? 0 : id);
  assertEquals(readAll(await dir.write("b.bin", tokens(...odd))), odd);
});
