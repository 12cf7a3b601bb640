import { assertEquals } from "@std/assert";
import { countLines, endOfLine, LineBlocks } from "../../../src/data/text/lines.ts";
import { concat } from "../fixtures.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);
const textOf = (bytes?: Uint8Array) => bytes && new TextDecoder().decode(bytes);

/** The blocks of a text that comes in chunks of some size. */
function gather(text: string, chunk: number, limit = 1e6): string[] {
  const bytes = bytesOf(text);
  const gatherer = new LineBlocks(limit);
  const blocks: string[] = [];
  for (let at = 0; at < bytes.length; at += chunk) {
    for (const block of gatherer.push(bytes.subarray(at, at + chunk))) blocks.push(textOf(block)!);
  }
  const rest = textOf(gatherer.end());
  if (rest !== undefined) blocks.push(rest);
  return blocks;
}

Deno.test("LineBlocks gathers whole lines, whatever the chunks", () => {
  const long = "x".repeat(5000);
  const text = `one\n\ntwo 🌕\r\n${long}\n`.repeat(200) + "last";
  for (const chunk of [1, 1000, 4096, 300_000, 1e7]) {
    for (const end of ["", "\n"]) {
      const blocks = gather(text + end, chunk);
      assertEquals(blocks.join("") === text + end, true);
      assertEquals(blocks.length, 4);
      for (const block of blocks.slice(0, -1)) {
        assertEquals(block.at(-1), "\n");
        assertEquals(Math.abs(block.length - 2 ** 18) < 6000, true);
      }
    }
    assertEquals(gather("", chunk), []);
    assertEquals(gather("\n\n", chunk), ["\n\n"]);
  }
});

Deno.test("LineBlocks gives lines longer than a block whole", () => {
  const [a, b] = ["a".repeat(700_000), "b".repeat(300_000)];
  for (const chunk of [1000, 2 ** 18, 1e7]) {
    assertEquals(gather(`${a}\n${b}\nc`, chunk).join("") === `${a}\n${b}\nc`, true);
    assertEquals(gather(`${a}\n${b}\nc`, chunk)[0].length >= a.length, true);
  }
});

Deno.test("LineBlocks cuts a line over the limit, and goes on after it", () => {
  const lines = ["aaaa", "bbbbb", "cccc", "d".repeat(100), "e"];
  for (const chunk of [1, 3, 7, 1000]) {
    const expected = ["aaaa\n", "bbbbb", "cccc\n", "ddddd", "e"];
    assertEquals(gather(lines.join("\n"), chunk, 4), expected);
    assertEquals(gather("aaaaa", chunk, 4), ["aaaaa"]);
    assertEquals(gather("aaaaaa\n", chunk, 4), ["aaaaa"]);
    assertEquals(gather("aaaa\n", chunk, 4), ["aaaa\n"]);
  }
});

Deno.test("LineBlocks tells of a long line at once, and does not hold it", () => {
  const blocks = new LineBlocks(1000);
  const chunk = new Uint8Array(600).fill(120);
  assertEquals([...blocks.push(chunk)], []);
  assertEquals([...blocks.push(chunk)], [concat(chunk, chunk).slice(0, 1001)]);
  for (let i = 0; i < 1000; i++) assertEquals([...blocks.push(chunk)], []);
  assertEquals([...blocks.push(new Uint8Array([10, 65, 10]))], []);
  assertEquals(textOf(blocks.end()), "A\n");
});

Deno.test("LineBlocks tells where each block begins, also after lines that it cut", () => {
  const bytes = bytesOf("aaaa\nbbbbbbbbb\ncccc\nddddddd\neeee");
  for (const chunk of [1, 3, 7, 1000]) {
    const blocks = new LineBlocks(4);
    const offsets: number[] = [];
    for (let at = 0; at < bytes.length; at += chunk) {
      for (const _ of blocks.push(bytes.subarray(at, at + chunk))) offsets.push(blocks.offset);
    }
    blocks.end();
    assertEquals([...offsets, blocks.offset], [0, 5, 15, 20, 28]);
  }
});

Deno.test("LineBlocks gives the whole lines that are left, or all that is", () => {
  for (const [text, whole, rest] of [["a\nb", "a\n", "b"], ["a\n", "a\n"], ["a", undefined, "a"]]) {
    const blocks = new LineBlocks(1000);
    assertEquals([...blocks.push(bytesOf(text!))], []);
    assertEquals(textOf(blocks.whole()), whole);
    assertEquals(textOf(blocks.end()), rest);
  }
});

Deno.test("lines are counted, and found, with or without an end", () => {
  for (const [text, count] of [["", 0], ["a", 1], ["a\n", 1], ["a\nb", 2], ["\n\n", 2]] as const) {
    assertEquals(countLines(bytesOf(text)), count);
  }
  const bytes = bytesOf("ab\n\nc");
  assertEquals([0, 3, 4].map((start) => endOfLine(bytes, start)), [3, 4, 5]);
});
