import { assertEquals, assertStringIncludes } from "@std/assert";
import { showTokens } from "../../src/cli/inspect.ts";
import { encode } from "../../src/tokens/tokenizer.ts";
import { DatasetServer } from "../data/files/dataset_server.ts";
import { TempDir } from "../data/fixtures.ts";
import { parquetFile } from "../data/parquet/files.ts";
import { assertFails, runTask } from "./helpers.ts";

const LINES = [
  { text: "The moon\n\trises over 🌕", meta: { lang: "en" } },
  { text: "La lune", meta: { lang: "fr" } },
  { text: "no language \u001b[31m" },
].map((document) => JSON.stringify(document)).join("\n");

Deno.test("inspect shows sizes, languages, lengths and documents", async () => {
  await using dir = new TempDir();
  await dir.write("a.jsonl", LINES);
  const { code, stdout, stderr } = await runTask("inspect", ["--data", "a.jsonl"], {
    cwd: dir.path,
  });
  assertEquals([code, stderr], [0, ""]);
  for (
    const part of [
      "documents   3\n",
      "languages   en 1, fr 1, not given 1\n",
      "--- document 1: a.jsonl:1, en, ",
      "The moon\n\trises over 🌕\n",
      "The│·moon│↵\n│→│r",
      "no language <U+001B>[31m\n",
    ]
  ) assertStringIncludes(stdout, part);
});

Deno.test("inspect --json gives one object", async () => {
  await using dir = new TempDir();
  await dir.write("a.jsonl", LINES);
  const args = ["--data", "a.jsonl", "--json", "--limit", "2", "--documents", "1"];
  const { stdout } = await runTask("inspect", args, { cwd: dir.path });
  const { files, documents, complete, examples } = JSON.parse(stdout);
  assertEquals([files, documents, complete, examples.length], [1, 2, false, 1]);
});

Deno.test("inspect leaves out documents by language and length", async () => {
  await using dir = new TempDir();
  await dir.write("a.jsonl", LINES);
  const run = async (...args: string[]) => {
    const all = ["--data", "a.jsonl", "--json", ...args];
    return JSON.parse((await runTask("inspect", all, { cwd: dir.path })).stdout).documents;
  };
  assertEquals(await run("--lang", "fr"), 2); // with the one that does not say
  assertEquals(await run("--lang", "fr", "--min-tokens", "5"), 1);
});

Deno.test("inspect without --data shows the sample corpus", async () => {
  await using dir = new TempDir();
  const options = { cwd: dir.path };
  const { stdout, stderr } = await runTask("inspect", ["--json", "--limit", "2"], options);
  assertEquals(stderr, "");
  assertEquals(JSON.parse(stdout).documents, 2);
});

Deno.test("inspect tells of bad data in one line", async () => {
  await using dir = new TempDir();
  await dir.write("a.bin", new Uint8Array(3));
  const run = (...args: string[]) => runTask("inspect", args, { cwd: dir.path });
  assertFails(await run("--data", "a.bin"), 1, "a.bin ends at byte 3, inside a 16-bit token");
});

Deno.test("showTokens makes white space and bytes visible", () => {
  assertEquals(showTokens(encode("a  b\n")), "a│·│·b│↵\n");
  assertEquals(showTokens(encode("🌕")), "<f0 9f>│<8c>│<95>");
  assertEquals(showTokens([]), "");
});

Deno.test("inspect reads a column of a data set of the hub", async () => {
  const files = { "data/train.parquet": await Deno.readFile(parquetFile("duckdb_zstd")) };
  await using dir = new TempDir();
  await using server = new DatasetServer({ "me/gated": { files, token: "secret" } });
  const data = ["--data", "hf://datasets/me/gated/data/*.parquet"];
  const env = { HF_ENDPOINT: server.url, HF_TOKEN: "secret" };
  const args = [...data, "--column", "meta.body", "--json"];
  const { stdout, stderr } = await runTask("inspect", args, { cwd: dir.path, env });
  assertEquals(stderr, "");
  assertEquals(JSON.parse(stdout).documents, 14);
});

Deno.test("inspect tells of the sources of a mixture", async () => {
  await using dir = new TempDir();
  await dir.write("a.jsonl", LINES);
  await dir.write("b.txt", "One text.");
  const inspect = async (...args: string[]) =>
    await runTask("inspect", ["--data", "a.jsonl", "--data", "b.txt", ...args], { cwd: dir.path });
  const { stdout } = await inspect("--weight", "3,1", "--json");
  const facts = JSON.parse(stdout).sources.map(
    ({ data, share, files, documents }: Record<string, unknown>) => [data, share, files, documents],
  );
  assertEquals(facts, [["a.jsonl", 0.75, 1, 3], ["b.txt", 0.25, 1, 1]]);
  assertFails(
    await inspect("--weight", "3,x"),
    2,
    "--weight must be a positive number for each --data, of which there are 2, not '3,x'",
  );
});
