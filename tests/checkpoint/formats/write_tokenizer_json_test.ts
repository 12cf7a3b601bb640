import { Tokenizer } from "@huggingface/tokenizers";
import { assertEquals } from "@std/assert";
import { tokenizerFiles } from "../../../src/checkpoint/formats/tokenizer_files.ts";
import { readTokenizerJson } from "../../../src/checkpoint/formats/tokenizer_json.ts";
import { withTokenizerJson } from "../../../src/checkpoint/formats/write_tokenizer_json.ts";
import { encode, encodeWith, END_OF_TEXT } from "../../../src/tokens/tokenizer.ts";
import { texts } from "../../data/fixtures.ts";
import { END, PAIRS, smallFiles, tokenizerFrom } from "../../tokens/small_tokenizer.ts";

const BATTERY = [
  ..."Hello world|isnt it|  double space|trailing   |abc123def 1,000.50|a\tb\n\n c".split("|"),
  ..."你好，世界|café naïve|😀 emoji 👍🏽|Привет, мир|한국어 텍스트|\0\x7f|'Tis don't I'll".split(
    "|",
  ),
  ...texts(5, 20),
];

/** Hugging Face's tokenizer, by nothing but tokenizer.json. */
function theirs(files: ReadonlyMap<string, string>): Tokenizer {
  const json = files.get("tokenizer.json")!;
  return new Tokenizer(JSON.parse(json), JSON.parse(files.get("tokenizer_config.json")!));
}

Deno.test("tokenizer.json: Hugging Face's tokenizers give GPT-2's tokens by it, and text again", () => {
  const tokenizer = theirs(withTokenizerJson(tokenizerFiles(1024), END_OF_TEXT));
  for (const text of BATTERY) {
    const { ids } = tokenizer.encode(text);
    assertEquals(ids, encode(text), JSON.stringify(text));
    assertEquals(tokenizer.decode(ids, { clean_up_tokenization_spaces: false }), text);
  }
  assertEquals(tokenizer.encode("a<|endoftext|>b").ids, [
    ...encode("a"),
    END_OF_TEXT,
    ...encode("b"),
  ]);
});

Deno.test("tokenizer.json: that of a model's own tokenizer gives its tokens", () => {
  const added = { "<pad>": 999 };
  const files = new Map([
    ...Object.entries(smallFiles()),
    ["added_tokens.json", JSON.stringify(added)],
  ]);
  const made = withTokenizerJson(files, 0);
  const tokenizer = theirs(made);
  for (const text of ["the moon", "on the  moon ä is"]) {
    assertEquals(tokenizer.encode(text).ids, encodeWith(tokenizerFrom(), text));
  }
  assertEquals(tokenizer.encode(`the${END}<pad>`).ids.slice(-2), [0, 999]);
  const read = readTokenizerJson(JSON.parse(made.get("tokenizer.json")!), 999, (what) => {
    return new Error(what);
  });
  assertEquals([read.pairs, read.added], [PAIRS, { [END]: 0, ...added }]);
});

Deno.test("tokenizer.json: one that is there stays", () => {
  const files = new Map([...Object.entries(smallFiles()), ["tokenizer.json", "{}"]]);
  assertEquals(withTokenizerJson(files, 0), files);
});
