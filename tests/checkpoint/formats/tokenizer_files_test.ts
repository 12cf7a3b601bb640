import { assert, assertEquals } from "@std/assert";
import { encode, END_OF_TEXT, TOKEN_COUNT } from "../../../src/tokens/tokenizer.ts";
import {
  isGpt2Merges,
  isGpt2Vocabulary,
  tokenizerFiles,
} from "../../../src/checkpoint/formats/tokenizer_files.ts";
import { texts } from "../../data/fixtures.ts";

const files = tokenizerFiles(1024);
const vocabulary = new Map<string, number>(Object.entries(JSON.parse(files.get("vocab.json")!)));
const lines = files.get("merges.txt")!.split("\n");

/** The published expression, as Hugging Face's tokenizer has it; texts below are plain in white space. */
const WORDS = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;

/** Tokens by nothing but the two files, as `GPT2Tokenizer` finds them. */
function encodeByFiles(text: string): number[] {
  const ranks = new Map(lines.slice(1, -1).map((line, rank) => [line, rank]));
  const visible = [...Array(0xff + 1).keys()].filter((byte) => {
    return byte >= 33 && byte <= 126 || byte >= 161 && byte <= 172 || byte >= 174;
  });
  const hidden = [...Array(0xff + 1).keys()].filter((byte) => !visible.includes(byte));
  const character = (byte: number) => {
    const at = hidden.indexOf(byte);
    return String.fromCharCode(at < 0 ? byte : 256 + at);
  };
  return (text.match(WORDS) ?? []).flatMap((word) => {
    let parts = Array.from(new TextEncoder().encode(word), character);
    for (;;) {
      let least = Infinity;
      for (let i = 0; i + 1 < parts.length; i++) {
        least = Math.min(least, ranks.get(`${parts[i]} ${parts[i + 1]}`) ?? Infinity);
      }
      if (least === Infinity) return parts.map((part) => vocabulary.get(part)!);
      const pair = lines[least + 1];
      const joined: string[] = [];
      for (let i = 0; i < parts.length; i++) {
        const isPair = `${parts[i]} ${parts[i + 1]}` === pair;
        joined.push(isPair ? parts[i] + parts[++i] : parts[i]);
      }
      parts = joined;
    }
  });
}

Deno.test("tokenizer files: as many tokens and merges as GPT-2 has, in order", () => {
  assertEquals(vocabulary.size, TOKEN_COUNT);
  assertEquals(new Set(vocabulary.values()).size, TOKEN_COUNT);
  assertEquals(vocabulary.get("<|endoftext|>"), END_OF_TEXT);
  assertEquals(lines.length, 50_002); // the version, the merges, and nothing after the last
  assertEquals(lines.slice(0, 6), ["#version: 0.2", "Ġ t", "Ġ a", "h e", "i n", "r e"]);
  lines.slice(1, -1).forEach((line, rank) => {
    const pair = line.split(" ");
    assertEquals(pair.length, 2);
    assert(pair.every((part) => vocabulary.get(part)! < 256 + rank), line);
    assertEquals(vocabulary.get(pair.join("")), 256 + rank);
  });
});

Deno.test("tokenizer files: they give the tokens that the tokenizer gives", () => {
  const battery = [
    ...[
      "Hello world",
      "isnt it",
      "  double space",
      "trailing   ",
      "abc123def 1,000.50",
      "a\tb\n\n c",
    ],
    ...["你好，世界", "café naïve", "😀 emoji 👍🏽", "Привет, мир", "مرحبا بالعالم", "한국어 텍스트"],
    ...[
      "def f(x):\n    return x+1",
      "supercalifragilisticexpialidocious",
      "0".repeat(17),
      "\0\x7f",
    ],
    ...["SolidGoldMagikarp", "'Tis don't I'll", "=".repeat(70), "ÃÂÃÂ", "\u2019s \u00ad \u0301"],
    ...texts(5, 20),
  ];
  for (const text of battery) assertEquals(encodeByFiles(text), encode(text), JSON.stringify(text));
});

Deno.test("tokenizer files: the settings name the end of a text and the context", () => {
  const config = JSON.parse(files.get("tokenizer_config.json")!);
  assertEquals([config.model_max_length, config.eos_token], [1024, "<|endoftext|>"]);
  assertEquals(JSON.parse(files.get("special_tokens_map.json")!), {
    ...{ bos_token: "<|endoftext|>", eos_token: "<|endoftext|>", unk_token: "<|endoftext|>" },
  });
});

Deno.test("tokenizer files: are known by what they hold", async () => {
  const pairs = lines.slice(1, -1);
  assert(await isGpt2Merges(pairs));
  assert(!await isGpt2Merges(pairs.slice(1)));
  assert(!await isGpt2Merges([...pairs, "a b"]));
  assert(!await isGpt2Merges([pairs[1], pairs[0], ...pairs.slice(2)]));
  const ids: Record<string, unknown> = JSON.parse(files.get("vocab.json")!);
  assert(isGpt2Vocabulary({ ...ids, "<|pad|>": 50_257 }));
  assert(!isGpt2Vocabulary({ ...ids, "!": 1 }));
  const { "!": _, ...others } = ids;
  assert(!isGpt2Vocabulary(others));
});
