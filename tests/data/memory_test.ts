import { assertGreater, assertLess } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { encode } from "../../src/tokens/tokenizer.ts";
import { Random } from "../../src/random.ts";
import { concat, frame, jsonl, TempDir } from "./fixtures.ts";

/** Long words, each one token, so that much text is read in little time. */
const WORDS = [
  "extraordinary",
  "representatives",
  "circumstances",
  "international",
  "understanding",
];

Deno.test("a shard of 1 GB is streamed in less than 300 MB", async () => {
  const random = new Random(1);
  const paragraphs = Array.from({ length: 200 }, () => {
    return Array.from({ length: 40 }, () => WORDS[random.below(WORDS.length)]).join(" ") + ".\n\n";
  });
  const document = (i: number) => {
    const parts = Array.from({ length: 12 }, () => paragraphs[random.below(paragraphs.length)]);
    return `Document ${i}: ${parts.join("")}`;
  };
  const documents = Array.from({ length: 5000 }, (_, i) => document(i));
  const text = jsonl(documents);
  const repeated = Math.ceil(1e9 / text.length);
  const tokens = repeated * documents.reduce((sum, text) => sum + encode(text).length + 1, 0);
  await using dir = new TempDir();
  const file = await dir.write("a.jsonl.zst", concat(...Array(repeated).fill(frame(text))));

  const script = fromFileUrl(new URL("./stream_memory.ts", import.meta.url));
  await Promise.all([1, 2].map(async (workers) => {
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-check", "-A", script, file, `${workers}`],
    }).output();
    const output = new TextDecoder().decode(stdout) || new TextDecoder().decode(stderr);
    const result = JSON.parse(output);
    assertGreater(result.tokens, 0.9 * tokens);
    assertLess(result.most, 300e6); // of the whole process, Deno itself included
  }));
});
