import { assert, assertEquals } from "@std/assert";
import { collectTexts, collectTokens } from "../../bench/debian_text.ts";
import { encode, END_NAME, TokenDecoder } from "../../src/tokens/tokenizer.ts";
import { TempDir } from "../data/fixtures.ts";

Deno.test("debian_text: texts as they were written, in the order of their paths", async () => {
  await using directory = new TempDir();
  await Deno.mkdir(`${directory.path}/usr/share/doc`, { recursive: true });
  await directory.write("usr/share/doc/b.rst.txt", "Title\n=====\n");
  await directory.write("usr/share/doc/a.html", "<p>");
  await directory.write("usr/a.pod", "=head1 Ä\n");
  const out = `${directory.path}/out.jsonl`;
  await Deno.writeTextFile(
    out,
    "what was there before, and longer than what is written now: ".repeat(9),
  );
  assertEquals(await collectTexts(`${directory.path}/usr`, out), { documents: 2, bytes: 22 });
  const lines = (await Deno.readTextFile(out)).trim().split("\n").map((line) => JSON.parse(line));
  assertEquals(lines, [{ text: "=head1 Ä\n" }, { text: "Title\n=====\n" }]);
});

async function readTokens(path: string): Promise<Uint16Array> {
  const { buffer } = await Deno.readFile(path);
  const [magic, version, count] = new Int32Array(buffer, 0, 3);
  assertEquals([magic, version, count], [20240520, 1, (buffer.byteLength - 1024) / 2]);
  return new Uint16Array(buffer, 1024);
}

Deno.test("debian_text: a token for each byte, and one before each text", async () => {
  await using directory = new TempDir();
  await Deno.mkdir(`${directory.path}/texts`);
  const texts = ["ä 138\n", "ä 139\n", "ä 140\n"]; // the hash of the second is a multiple of 50
  for (const text of texts) await directory.write(`texts/${text.trim()}.pod`, text);
  const out = `${directory.path}/bytes`;
  const extent = await collectTokens(`${directory.path}/texts`, out);
  assertEquals(extent, { documents: 3, bytes: 21 });
  const textOf = async (name: string) => {
    const tokens = await readTokens(`${out}/manuals_${name}_000000.bin`);
    const decoder = new TokenDecoder();
    return Array.from(tokens, (token) => decoder.push(token)).join("");
  };
  assertEquals(await textOf("train"), `${END_NAME}${texts[0]}${END_NAME}${texts[2]}`);
  assertEquals(await textOf("val"), `${END_NAME}${texts[1]}`);
});

Deno.test("debian_text: GPT-2's first tokens only, which say the same text", async () => {
  await using directory = new TempDir();
  const text = "=head1 The unbelievable\n\nsubstitution of ä\n";
  await directory.write("texts/a.pod", text);
  const out = `${directory.path}/tokens`;
  const counts = [];
  for (const count of [256, 1000, 50256]) {
    await collectTokens(`${directory.path}/texts`, out, count);
    const tokens = await readTokens(`${out}/manuals_train_000000.bin`);
    assert(tokens.subarray(1).every((token) => token < count));
    const decoder = new TokenDecoder();
    assertEquals(Array.from(tokens, (token) => decoder.push(token)).join(""), END_NAME + text);
    counts.push(tokens.length);
  }
  assert(counts[0] > counts[1] && counts[1] > counts[2]);
  const own = await readTokens(`${out}/manuals_train_000000.bin`);
  assertEquals([...own.subarray(1)], encode(text));
});
