import { assertEquals } from "@std/assert";
import { LineSplitter } from "../../src/data/lines.ts";

/** The lines of a text that comes in chunks of some size; undefined for one over the limit. */
function split(text: string, chunk: number, limit = 1e6): (string | undefined)[] {
  const bytes = new TextEncoder().encode(text);
  const splitter = new LineSplitter(limit);
  const lines: (string | undefined)[] = [];
  const add = (line?: Uint8Array) => lines.push(line && new TextDecoder().decode(line));
  for (let at = 0; at < bytes.length; at += chunk) {
    for (const line of splitter.push(bytes.subarray(at, at + chunk))) add(line);
  }
  const rest = splitter.end();
  if (rest) add(rest);
  return lines;
}

Deno.test("LineSplitter cuts at line ends, whatever the chunks", () => {
  const long = "x".repeat(5000);
  const text = `one\n\ntwo 🌕\r\n${long}\n${long}${long}\nlast`;
  for (const chunk of [1, 3, 1000, 4096, 1e6]) {
    assertEquals(split(text, chunk), ["one", "", "two 🌕\r", long, long + long, "last"]);
    assertEquals(split(text + "\n", chunk), ["one", "", "two 🌕\r", long, long + long, "last"]);
    assertEquals(split("", chunk), []);
    assertEquals(split("\n\n", chunk), ["", ""]);
  }
});

Deno.test("LineSplitter gives undefined for a line over the limit, and goes on after it", () => {
  const lines = ["aaaa", "bbbbb", "cccc", "d".repeat(100), "e"];
  for (const chunk of [1, 3, 7, 1000]) {
    assertEquals(split(lines.join("\n"), chunk, 4), ["aaaa", undefined, "cccc", undefined, "e"]);
    assertEquals(split("aaaaa", chunk, 4), [undefined]);
    assertEquals(split("aaaaa\n", chunk, 4), [undefined]);
  }
});

Deno.test("LineSplitter tells of a long line at once, and does not hold it", () => {
  const splitter = new LineSplitter(1000);
  const chunk = new Uint8Array(600).fill(120);
  assertEquals([...splitter.push(chunk)], []);
  assertEquals([...splitter.push(chunk)], [undefined]);
  for (let i = 0; i < 1000; i++) assertEquals([...splitter.push(chunk)], []);
  assertEquals([...splitter.push(new Uint8Array([10, 65, 10]))], [new Uint8Array([65])]);
});
