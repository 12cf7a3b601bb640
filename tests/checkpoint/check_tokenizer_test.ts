import { assertEquals, assertRejects } from "@std/assert";
import { checkTokenizer } from "../../src/checkpoint/check_tokenizer.ts";
import { tokenizerFiles } from "../../src/checkpoint/formats/tokenizer_files.ts";
import { UserError } from "../../src/errors.ts";
import { TempDir } from "../data/fixtures.ts";

const FILES = tokenizerFiles(16);
const VOCABULARY: Record<string, number> = JSON.parse(FILES.get("vocab.json")!);
const MERGES = FILES.get("merges.txt")!.trimEnd().split("\n").slice(1);

/** What is said of a directory that holds one file. */
async function messageOf(name: string, text: string): Promise<string | undefined> {
  await using directory = new TempDir();
  await directory.write(name, text);
  try {
    await checkTokenizer(directory.path);
  } catch (error) {
    if (error instanceof UserError) return error.message.replace(`${directory.path}/`, "");
    throw error;
  }
}

const json = (model: unknown) => JSON.stringify({ version: "1.0", model });

Deno.test("GPT-2's own tokenizer passes, in the ways in which it is written, and none at all", async () => {
  const model = { type: "BPE", vocab: VOCABULARY };
  const passing: [string, string][] = [
    ["config.json", "{}"],
    ["vocab.json", FILES.get("vocab.json")!],
    ["vocab.json", JSON.stringify({ ...VOCABULARY, "<pad>": 50257 }, null, 2)],
    ["merges.txt", FILES.get("merges.txt")!],
    ["merges.txt", MERGES.join("\r\n")],
    ["tokenizer.json", json({ ...model, merges: MERGES })],
    ["tokenizer.json", json({ ...model, merges: MERGES.map((pair) => pair.split(" ")) })],
  ];
  for (const [name, text] of passing) assertEquals(await messageOf(name, text), undefined, name);
});

Deno.test("another tokenizer is refused, and told by what differs", async () => {
  const reversed = Object.fromEntries(
    Object.entries(VOCABULARY).map(([token, id]) => [token, 50256 - id]),
  );
  const swapped = [MERGES[1], MERGES[0], ...MERGES.slice(2)];
  const refused: [string, string, string][] = [
    [
      ...["vocab.json", JSON.stringify(reversed)] as const,
      'the id of "!" is 50256 there, and 0 in GPT-2\'s',
    ],
    ["vocab.json", "[]", "it is no object of tokens and ids"],
    ["vocab.json", "{", "it is no object of tokens and ids"],
    [
      ...["merges.txt", `#version: 0.2\n${swapped.join("\n")}\n`] as const,
      `pair 1 is ${JSON.stringify(MERGES[1])} there, and ${JSON.stringify(MERGES[0])} in GPT-2's`,
    ],
    ["merges.txt", [...MERGES, "a b"].join("\n"), "it has 50001 pairs, and GPT-2's 50000"],
    ["tokenizer.json", json({ type: "WordPiece", vocab: {} }), "its model is WordPiece"],
    ["tokenizer.json", json({ type: "BPE", vocab: reversed, merges: MERGES }), 'the id of "!" is'],
    ["tokenizer.json", "null", "it has no model"],
  ];
  for (const [name, text, what] of refused) {
    const message = await messageOf(name, text);
    assertEquals(message?.startsWith(`${name} is not GPT-2's: ${what}`), true, message);
  }
});

Deno.test("a tokenizer that cannot be read is told of", async () => {
  await using directory = new TempDir();
  await Deno.mkdir(`${directory.path}/vocab.json`);
  await assertRejects(
    () => checkTokenizer(directory.path),
    UserError,
    "vocab.json is a directory, not a file",
  );
});
