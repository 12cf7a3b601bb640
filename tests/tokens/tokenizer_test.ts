import { cpuUsage } from "node:process";
import { assert, assertEquals, assertLess, assertThrows } from "@std/assert";
import { encode, END_OF_TEXT, tokenBytes, TokenDecoder } from "../../src/tokens/tokenizer.ts";
import { Random } from "../../src/random.ts";

/** The text of tokens. */
function decode(tokens: number[]): string {
  const decoder = new TokenDecoder();
  return tokens.map((token) => decoder.push(token)).join("") + decoder.end();
}

Deno.test("encode gives GPT-2's tokens", () => {
  assertEquals(encode(""), []);
  assertEquals(encode("Hello world"), [15496, 995]);
  assertEquals(encode("Hello, I'm a language model,"), [15496, 11, 314, 1101, 257, 3303, 2746, 11]);
  assertEquals(encode("a\n\nb  c"), [64, 198, 198, 65, 220, 269]);
});

Deno.test("encode takes <|endoftext|> for text", () => {
  const tokens = encode("<|endoftext|>");
  assertEquals(tokens, [27, 91, 437, 1659, 5239, 91, 29]);
  assertEquals(encode("<|endoftext|><|endoftext|>").includes(END_OF_TEXT), false);
  assertEquals(decode(tokens), "<|endoftext|>");
});

Deno.test("encode and TokenDecoder are inverses on any text", () => {
  const random = new Random(5);
  const samples = [
    "\ufeff",
    " \ufeff\n",
    "\0",
    "a\r\nb",
    "🏳️‍🌈 ж 漢字",
    "\u2028",
    "\t \n  x",
    "e\u0301",
  ];
  for (let i = 0; i < 300; i++) {
    const limit = [0x80, 0x800, 0xd800, 0x110000][i % 4];
    const points = Array.from({ length: 1 + random.below(40) }, () => random.below(limit));
    samples.push(String.fromCodePoint(...points).toWellFormed());
  }
  for (const text of samples) assertEquals(decode(encode(text)), text);
});

/** CPU time of this process, in any unit, for encoding a text so many times. */
function cpuTime(text: string, times: number): number {
  const before = cpuUsage();
  for (let i = 0; i < times; i++) assert(decode(encode(text)) === text);
  const { user, system } = cpuUsage(before);
  return user + system;
}

Deno.test("encode is complete on long unbroken runs, in time proportional to their length", () => {
  for (const unit of ["a", "7", "=-", " ", "漢", "\n"]) {
    const run = (length: number) => `start ${unit.repeat(length / unit.length)} end`;
    // 16 runs are as much text as one of 16 times the length; were time quadratic, that took 16 times
    // longer.
    const ratio = () => cpuTime(run(64_000), 1) / cpuTime(run(4000), 16);
    assertLess(Math.min(ratio(), ratio()), 6, JSON.stringify(unit));
  }
});

Deno.test("encode gives the tokens of the parts of a very long text", () => {
  const line = "\nSome words, 漢字 and 1234567";
  const count = Math.ceil(2 ** 20 / line.length) + 100; // more than one block
  assertEquals(encode(line.repeat(count)), Array(count).fill(encode(line)).flat());
  const spaced = line.replace("\n", " ");
  assertEquals(encode(spaced.repeat(count)), Array(count).fill(encode(spaced)).flat());
});

Deno.test("tokenBytes gives a token's bytes", () => {
  const text = (token: number) => new TextDecoder().decode(tokenBytes(token));
  assertEquals(text(995), " world");
  assertEquals(text(END_OF_TEXT), "<|endoftext|>");
  const bytes = new Set(Array.from({ length: 256 }, (_, token) => tokenBytes(token)[0]));
  assertEquals(bytes.size, 256);
  for (const token of [-1, 50257, 1.5, NaN]) assertThrows(() => tokenBytes(token), RangeError);
});

Deno.test("TokenDecoder never splits a character", () => {
  const tokens = encode("a 🌕!");
  assertEquals(tokens.length, 5); // "a", 3 parts of " 🌕", "!"
  const decoder = new TokenDecoder();
  assertEquals(tokens.map((token) => decoder.push(token)), ["a", " ", "", "🌕", "!"]);
  assertEquals(decoder.end(), "");
});

Deno.test("TokenDecoder marks what is no character", () => {
  const [, first] = encode("a 🌕!");
  const cut = new TokenDecoder();
  assertEquals(cut.push(first) + cut.end(), " \ufffd");
  assertEquals(cut.push(64), "a"); // the decoder is fresh again
  const broken = new TokenDecoder();
  assertEquals(broken.push(first) + broken.push(64), " \ufffda");
});
