import { assert, assertEquals, assertRejects } from "@std/assert";
import { readTokenizer } from "../../src/checkpoint/tokenizer.ts";
import { tokenizerFiles } from "../../src/checkpoint/formats/tokenizer_files.ts";
import { UserError } from "../../src/errors.ts";
import { TempDir } from "../data/fixtures.ts";
import { END, smallFiles, smallJson, smallTokenizer } from "../tokens/small_tokenizer.ts";

const FILES = tokenizerFiles(16);
const VOCABULARY: Record<string, number> = JSON.parse(FILES.get("vocab.json")!);
const MERGES = FILES.get("merges.txt")!.trimEnd().split("\n").slice(1);

/** What is read of a directory with these files, of a model with so many rows. */
async function read(files: Record<string, string>, size = 50257) {
  await using directory = new TempDir();
  for (const [name, text] of Object.entries(files)) await directory.write(name, text);
  try {
    return await readTokenizer(directory.path, size);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    assertEquals(error.code, "CHECKPOINT");
    assertEquals(error.message.includes("\n"), false);
    throw new Error(error.message.replaceAll(`${directory.path}/`, ""));
  }
}

const SMALL = smallTokenizer();
const SIZE = Object.keys(SMALL.ids).length;
const GPT2 = { ids: VOCABULARY, pairs: MERGES };

Deno.test("GPT-2's own tokenizer is known, in the ways in which it is written, and none at all", async () => {
  const listed = MERGES.map((pair) => pair.split(" "));
  const model = { type: "BPE", vocab: VOCABULARY, merges: listed };
  const same: [string, string][] = [
    ["config.json", "{}"],
    ["vocab.json", FILES.get("vocab.json")!],
    ["vocab.json", JSON.stringify({ ...VOCABULARY, "<pad>": 50257 }, null, 2)],
    ["merges.txt", FILES.get("merges.txt")!],
    ["merges.txt", MERGES.join("\r\n")],
    ["merges.txt", FILES.get("merges.txt")!.replaceAll("\n", "\r\n")],
    ["merges.txt", `${FILES.get("merges.txt")!}\n\n`],
    ["tokenizer_config.json", JSON.stringify({ tokenizer_class: "GPT2TokenizerFast" })],
    ["tokenizer.json", JSON.stringify(smallJson(GPT2))],
    ["tokenizer.json", JSON.stringify({ ...smallJson(GPT2), added_tokens: null, model })],
  ];
  for (const [name, text] of same) assertEquals(await read({ [name]: text }), undefined, name);
});

Deno.test("another tokenizer is read, from either kind of files or both", async () => {
  const files = smallFiles();
  const json = { "tokenizer.json": JSON.stringify(smallJson()) };
  for (const written of [files, json, { ...files, ...json }] as Record<string, string>[]) {
    const tokenizer = await read(written, SIZE);
    assert(tokenizer);
    assertEquals(Object.fromEntries(tokenizer.ids), SMALL.ids);
    assertEquals(tokenizer.encoding.merges.length, 3 * SMALL.pairs.length);
    assertEquals(Object.fromEntries(tokenizer.files), written);
  }
});

Deno.test("tokens that were added belong to a vocabulary, as far as the model has rows", async () => {
  const files = { ...smallFiles(), "added_tokens.json": JSON.stringify({ "<pad>": SIZE }) };
  const json = { ...smallJson(), added_tokens: [{ id: SIZE, content: "<pad>" }] };
  for (const written of [files, { "tokenizer.json": JSON.stringify(json) }]) {
    assertEquals((await read(written, SIZE + 1))!.ids.get("<pad>"), SIZE);
    assertEquals((await read(written, SIZE))!.ids.size, SIZE);
  }
  const added = [{ id: SIZE, content: "sun", special: false }];
  const split = { "tokenizer.json": JSON.stringify({ ...smallJson(), added_tokens: added }) };
  const what = 'tokenizer.json has the added token "sun": only special ones are supported';
  await assertRejects(() => read(split, SIZE + 1), Error, what);
  assertEquals((await read(split, SIZE))!.ids.size, SIZE);
});

Deno.test("a tokenizer of another kind does not pass for GPT-2's, whatever says what it is", async () => {
  const settings = (value: object) => ({ "tokenizer_config.json": JSON.stringify(value) });
  const bert = settings({ tokenizer_class: "BertTokenizer" });
  const refused: [Record<string, string>, string][] = [
    [
      bert,
      'tokenizer_config.json has the tokenizer_class "BertTokenizer": without a tokenizer.json ' +
      "only GPT2Tokenizer is supported",
    ],
    [{ ...smallFiles(), ...bert }, "tokenizer_config.json has the tokenizer_class"],
    [settings({ add_prefix_space: true }), "tokenizer_config.json has add_prefix_space, which"],
    [{ "tokenizer_config.json": "{" }, "tokenizer_config.json is no object of settings"],
    [{ "vocab.txt": "[UNK]" }, "vocab.txt is of another kind of tokenizer: only byte-level"],
    [{ "spiece.model": "" }, "spiece.model is of another kind of tokenizer"],
  ];
  for (const [files, what] of refused) {
    const error = await assertRejects(() => read(files), Error);
    assertEquals(error.message.slice(0, what.length), what);
  }
  const generic = settings({ tokenizer_class: "PreTrainedTokenizerFast" });
  assert(await read({ ...generic, "tokenizer.json": JSON.stringify(smallJson()) }, SIZE));
  await using directory = new TempDir();
  await assertRejects(
    () => readTokenizer(directory.path, 50257, "T5Tokenizer"),
    UserError,
    `config.json has the tokenizer_class "T5Tokenizer"`,
  );
});

Deno.test("a tokenizer that is none, or not supported, is told by what is wrong", async () => {
  const { "!": _, ...lacking } = SMALL.ids;
  const vocab = (ids: Record<string, unknown>) => ({
    ...smallFiles(),
    "vocab.json": JSON.stringify(ids),
  });
  const merges = (...pairs: string[]) => smallFiles({ ...SMALL, pairs });
  const both = "vocab.json with merges.txt";
  const json = (change: object) => ({
    "tokenizer.json": JSON.stringify({ ...smallJson(), ...change }),
  });
  const model = (change: object) => json({ model: { ...smallJson().model as object, ...change } });
  // Written by hand, since JSON.stringify itself fails.
  const deep = JSON.stringify(smallJson()).replace(
    '"merges":[',
    `"merges":[["t",${"[".repeat(20_000)}${"]".repeat(20_000)}],`,
  );
  const refused: [Record<string, string>, string][] = [
    [vocab(lacking), `${both} has the id ${SIZE - 1} for "is", not one from 0 to ${SIZE - 2}`],
    [vocab({ ...lacking, "xx": SMALL.ids["!"] }), `${both} lacks the token of the byte 33, "!"`],
    [vocab({ ...SMALL.ids, "!": 7 }), `${both} has the id 7 twice, for`],
    [vocab({ ...SMALL.ids, "!": "7" }), `${both} has the id "7" for "!", not one from 0`],
    [vocab({ ...SMALL.ids, "!": -1 }), `${both} has the id -1 for "!"`],
    [
      vocab(Object.fromEntries(Array.from({ length: 65537 }, (_, id) => [`x${id}`, id]))),
      `${both} has 65537 tokens: at most 65536 are supported`,
    ],
    [{ ...smallFiles(), "vocab.json": "[]" }, "vocab.json is no object of tokens and ids"],
    [{ ...smallFiles(), "vocab.json": "{" }, "vocab.json is no object of tokens and ids"],
    [
      { ...smallFiles(), "vocab.json": "[".repeat(2 ** 23) },
      "vocab.json is no object of tokens and ids",
    ],
    [
      { ...smallFiles(), "merges.txt": "x".repeat(2 ** 24 + 1) },
      "merges.txt has 16777217 bytes: a tokenizer's files have at most 16777216",
    ],
    [{ "vocab.json": "{}" }, "vocab.json is not GPT-2's, and there is no merges.txt beside it"],
    [{ "merges.txt": "a b" }, "merges.txt is not GPT-2's, and there is no vocab.json beside it"],
    [merges("t h", "t h"), `${both} has the pair "t h", number 2, twice`],
    [merges("t h e"), `${both} has the pair "t h e", number 1, which is not two tokens`],
    [
      { ...smallFiles(GPT2), "merges.txt": MERGES.slice(0, 20_000).join("\n") },
      `${both} has pairs for 20000 of 50257 tokens only`,
    ],
    [vocab({ ...lacking, "": SMALL.ids["!"] }), `${both} has no name for the id`],
    [merges("th e"), `${both} has the pair "th e", number 1, though nothing before makes "th"`],
    [
      { ...smallFiles(), "merges.txt": "t h\nx y\n" },
      `${both} has the pair "x y", number 2, but no token "xy"`,
    ],
    [
      { ...smallFiles(), ...model({ vocab: { ...SMALL.ids, "!": SIZE } }) },
      `tokenizer.json has the id ${SIZE} for "!", and vocab.json ${SMALL.ids["!"]}`,
    ],
    [
      { ...smallFiles(), ...model({ merges: ["h t"] }) },
      'tokenizer.json has "h t" for pair 1, and merges.txt "t h"',
    ],
    [
      json({ added_tokens: [{ id: 5, content: END }] }),
      `tokenizer.json has two ids for "${END}": 0 and 5`,
    ],
    [
      model({ merges: [{ toString: 1 }] }),
      "tokenizer.json has the pair {…}, which is not of names",
    ],
    [
      { "tokenizer.json": deep },
      'tokenizer.json has the pair ["t",[…]], which is not of names',
    ],
    [json({ decoder: { type: "WordPiece" } }), 'tokenizer.json has the decoder "WordPiece": only'],
    [json({ added_tokens: [7] }), "tokenizer.json has added_tokens that are none"],
    [
      model({ type: "WordPiece" }),
      'tokenizer.json has a model of type "WordPiece": only BPE is supported',
    ],
    [model({ type: "Unigram" }), 'tokenizer.json has a model of type "Unigram"'],
    [model({ byte_fallback: true }), "tokenizer.json has byte_fallback true, which is not"],
    [model({ end_of_word_suffix: "</w>" }), 'tokenizer.json has end_of_word_suffix "</w>", which'],
    [model({ vocab: [] }), "tokenizer.json has no vocab"],
    [model({ merges: {} }), "tokenizer.json has no merges"],
    [json({ model: null }), "tokenizer.json has no model"],
    [{ "tokenizer.json": "null" }, "tokenizer.json has no model"],
    [json({ normalizer: { type: "NFC" } }), 'tokenizer.json has a normalizer, "NFC", which is not'],
    [
      json({ pre_tokenizer: { type: "Metaspace" } }),
      'tokenizer.json has the pre-tokenizer "Metaspace": only ByteLevel is supported',
    ],
    [json({ pre_tokenizer: null }), "tokenizer.json has the pre-tokenizer null: only ByteLevel"],
    [
      json({ pre_tokenizer: { type: "ByteLevel", add_prefix_space: true } }),
      "tokenizer.json has add_prefix_space, which is not supported",
    ],
    [
      json({ pre_tokenizer: { type: "ByteLevel", use_regex: false } }),
      "tokenizer.json has no use_regex: only GPT-2's is supported",
    ],
    [
      json({ post_processor: { type: "TemplateProcessing" } }),
      'tokenizer.json has the post-processor "TemplateProcessing": only ByteLevel is supported',
    ],
  ];
  for (const [files, what] of refused) {
    const error = await assertRejects(() => read(files, 70_000), Error);
    assertEquals(error.message.slice(0, what.length), what);
  }
});

Deno.test("a tokenizer that cannot be read is told of", async () => {
  await using directory = new TempDir();
  await Deno.mkdir(`${directory.path}/vocab.json`);
  await assertRejects(
    () => readTokenizer(directory.path, 1),
    UserError,
    "vocab.json is a directory, not a file",
  );
});
