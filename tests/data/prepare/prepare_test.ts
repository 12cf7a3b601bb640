import { assert, assertEquals, assertGreater, assertMatch, assertRejects } from "@std/assert";
import { countBinCorpus } from "../../../src/data/bin/bin_corpus.ts";
import { prepare, type PrepareOptions } from "../../../src/data/prepare/prepare.ts";
import { readAllDocuments, readTexts } from "../../../src/data/text/reader.ts";
import { collectVocabulary, openTokenStream } from "../../../src/data/token_stream.ts";
import { findShards } from "../../../src/data/files/sources.ts";
import { validationBound } from "../../../src/data/text/split.ts";
import { createChunkTokenizer } from "../../../src/data/tokenize/tokenize.ts";
import { UserError } from "../../../src/errors.ts";
import { concat, frame, jsonl, TempDir, texts } from "../fixtures.ts";

/** Five shards, one of them a `.txt` file and one without documents. */
async function writeCorpus(dir: TempDir): Promise<string> {
  const all = texts(80, 30);
  await dir.write("in/a.jsonl.zst", frame(jsonl(all.slice(0, 30))));
  await dir.write("in/b.jsonl", jsonl(all.slice(30, 60)));
  await dir.write("in/c.txt", all.slice(60, 70).join("\n").repeat(20));
  await dir.write("in/d.jsonl", "\n");
  await dir.write("in/e.jsonl.zst", concat(frame(jsonl(all.slice(70))), frame(jsonl(["漢字 😀"]))));
  return `${dir.path}/in`;
}

/** The contents of the token files in a directory, by name. */
async function tokenFiles(path: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for await (const { name } of Deno.readDir(path)) {
    if (!/\.(json|lock)$/.test(name)) {
      files.set(name, (await Deno.readFile(`${path}/${name}`)).join());
    }
  }
  return new Map([...files].sort());
}

/** The tokens in the files whose names begin with a text. */
async function tokensOf(path: string, beginning: string): Promise<number[]> {
  const names = (await tokenFiles(path)).keys().filter((name) => name.startsWith(beginning));
  const parts = await Promise.all([...names].map((name) => Deno.readFile(`${path}/${name}`)));
  return parts.flatMap((bytes) => [...new Uint16Array(bytes.buffer, 1024)]);
}

Deno.test("prepared are the tokens of each part that training on the text reads", async () => {
  await using dir = new TempDir();
  const data = [await writeCorpus(dir)];
  const out = `${dir.path}/out`;
  const shards = await findShards(data);
  const bound = await validationBound(readAllDocuments(shards));
  for (const minTokens of [0, 50]) {
    const result = await prepare({ data, out, minTokens, workers: 2 });
    for (const split of ["training", "validation"] as const) {
      const expected: number[] = [];
      const part = { split, bound };
      const tokenize = createChunkTokenizer({ part, minTokens });
      for await (const chunk of readTexts(shards, { part })) {
        expected.push(...tokenize(chunk).ids);
      }
      const beginning = split === "training" ? "tokens_train_" : "tokens_val_";
      assertEquals(await tokensOf(out, beginning), expected);
      assertEquals(result[`${split}Tokens`], expected.length);
    }
    assertEquals(result.shards, 5);
    if (minTokens === 0) assertEquals(result.documents, 72); // 71 lines, and a .txt file
    else assert(result.documents < 72);
    await Deno.remove(out, { recursive: true });
  }
});

Deno.test("training reads what was prepared", async () => {
  await using dir = new TempDir();
  const data = [await writeCorpus(dir)];
  const out = `${dir.path}/out`;
  const { trainingTokens } = await prepare({ data, out });
  const text = await collectVocabulary(data);
  const { vocabulary, ...count } = await collectVocabulary([out]);
  assertEquals(vocabulary.tokens, text.vocabulary.tokens);
  assertEquals(count.tokenCount, text.tokenCount);
  const options = { vocabulary, context: 16, batch: 1, seed: 1, split: "training" as const };
  await using stream = await openTokenStream({ ...options, data: [out] });
  let passed = 0;
  for await (const { epoch = 0 } of stream) {
    if (epoch > 0) break;
    passed++;
  }
  assertGreater(passed, trainingTokens / 16 - 5); // each file may end in less than a window
  const mixed = () => openTokenStream({ ...options, data: [out, ...data] });
  await assertRejects(mixed, UserError, "train on the one or the other");
});

Deno.test("a part without tokens has no file; all others are whole", async () => {
  await using dir = new TempDir();
  const data = [await writeCorpus(dir)];
  const out = `${dir.path}/out`;
  const { trainingTokens, validationTokens } = await prepare({ data, out, workers: 1 });
  const files = [...(await tokenFiles(out)).keys()];
  assertEquals(files.filter((name) => name.includes("000003")), []);
  assertEquals(files.includes("tokens_train_000004.bin"), true);
  assertEquals(files.every((name) => name.endsWith(".bin")), true); // nothing temporary is left
  const shards = files.map((name) => ({ name, source: `${out}/${name}` }));
  assertEquals(countBinCorpus(shards).tokenCount, trainingTokens + validationTokens);
});

Deno.test("what is done is not done again", async () => {
  await using dir = new TempDir();
  const data = [await writeCorpus(dir)];
  const out = `${dir.path}/out`;
  const first = await prepare({ data, out });
  assertEquals(first.doneBefore, 0);
  const before = await tokenFiles(out);
  const path = `${out}/tokens_train_000001.bin`;
  const { ino } = await Deno.stat(path);
  assertEquals(await prepare({ data, out }), { ...first, doneBefore: 5 });
  assertEquals((await Deno.stat(path)).ino, ino);

  // What was lost is made anew: a file, a record, or a part of a file.
  for (
    const lose of [
      () => Deno.remove(path),
      () => Deno.remove(`${out}/tokens_000001.json`),
      () => Deno.truncate(path, 1030),
    ]
  ) {
    await lose();
    assertEquals(await prepare({ data, out }), { ...first, doneBefore: 4 });
    assertEquals(await tokenFiles(out), before);
  }
});

Deno.test("shares make up what one machine prepares", async () => {
  await using dir = new TempDir();
  const data = [await writeCorpus(dir)];
  const [alone, together] = [`${dir.path}/alone`, `${dir.path}/together`];
  const whole = await prepare({ data, out: alone });
  let documents = 0;
  for (const number of [3, 1, 2]) {
    const result = await prepare({ data, out: together, share: { number, of: 3 } });
    assertEquals(result.shards, number === 3 ? 1 : 2);
    documents += result.documents;
  }
  assertEquals(documents, whole.documents);
  assertEquals(await tokenFiles(together), await tokenFiles(alone));
  assertEquals(await prepare({ data, out: together }), { ...whole, doneBefore: 5 });
});

Deno.test("other data or options than those of shards that are done are errors", async () => {
  await using dir = new TempDir();
  const data = [await writeCorpus(dir)];
  const out = `${dir.path}/out`;
  await prepare({ data, out });
  const fails = (message: string, options: Partial<PrepareOptions> = {}) =>
    assertRejects(() => prepare({ data, out, ...options }), UserError, message);
  await fails("tokens_000000.json: this shard was prepared with --min-tokens 0", { minTokens: 9 });
  await fails("was prepared without --lang", { lang: "en" });
  await fails("tokens_000000.json: this shard was prepared from a.jsonl.zst", {
    data: [`${dir.path}/in/b.jsonl`, `${dir.path}/in/c.txt`],
  });
  const last = `${dir.path}/in/e.jsonl.zst`;
  await Deno.utime(last, new Date(0), new Date(0));
  await fails(
    "tokens_000004.json: this shard was prepared before its data was modified; remove this record",
  );
  await Deno.remove(`${out}/tokens_000004.json`);
  assertEquals((await prepare({ data, out })).doneBefore, 4);
  await Deno.remove(last);
  await fails("is of other data, of more than 4 shards");
  const record = JSON.parse(await Deno.readTextFile(`${out}/tokens_000001.json`));
  const deep = "[".repeat(100_000) + "]".repeat(100_000);
  const nested = JSON.stringify({ ...record, of: { ...record.of, lang: 0 } }).replace(
    '"lang":0',
    `"lang":${deep}`,
  );
  for (const damaged of ["{", deep, nested]) {
    await Deno.writeTextFile(`${out}/tokens_000001.json`, damaged);
    await fails("tokens_000001.json is no record of a shard; remove it");
  }
});

Deno.test("bad lines stop it, or are skipped and counted", async () => {
  await using dir = new TempDir();
  const path = await dir.write("a.jsonl", jsonl(texts(3000, 40)) + "bad\n");
  const [data, out] = [[path], `${dir.path}/out`];
  await assertRejects(() => prepare({ data, out }), UserError, `${path}:3001: not JSON`);
  assertEquals([...(await tokenFiles(out)).keys()], []);
  assertEquals((await prepare({ data, out, skipBad: true })).skipped, 1);
  await assertRejects(() => prepare({ data, out }), UserError, "was prepared with --skip-bad");
});

Deno.test("an error stops the other workers, and nothing temporary is left", async () => {
  await using dir = new TempDir();
  const words = jsonl(texts(2000, 40));
  const long = await dir.write("a.jsonl", words.repeat(100)); // seconds of work
  const bad = await dir.write("b.jsonl", words + "bad\n");
  const out = `${dir.path}/out`;
  const run = () => prepare({ data: [long, bad], out, workers: 2 });
  await assertRejects(run, UserError, `${bad}:2001: not JSON`);
  const names = (await Array.fromAsync(Deno.readDir(out))).map(({ name }) => name);
  assertEquals(names, []); // nor is the other file done
});

Deno.test("tokens need no preparation", async () => {
  await using dir = new TempDir();
  const data = [await writeCorpus(dir)];
  const out = `${dir.path}/out`;
  await prepare({ data, out });
  const again = () => prepare({ data: [out], out: `${dir.path}/again` });
  await assertRejects(again, UserError, "holds tokens: it needs no preparation");
});

Deno.test("the whole and a share, prepared at the same time, do not write the same files", async () => {
  await using dir = new TempDir();
  const data = [await writeCorpus(dir)];
  const [alone, out] = [`${dir.path}/alone`, `${dir.path}/out`];
  await prepare({ data, out: alone });
  const outcomes = await Promise.allSettled([
    prepare({ data, out }),
    prepare({ data, out, share: { number: 1, of: 2 } }),
  ]);
  const refused = outcomes.filter(({ status }) => status === "rejected");
  assert(refused.length > 0, "both went to work");
  for (const { reason } of refused as PromiseRejectedResult[]) {
    assertMatch(reason.message, /^another process is preparing .*; wait for it/);
  }
  await prepare({ data, out });
  assertEquals(await tokenFiles(out), await tokenFiles(alone));
});

Deno.test("progress goes from nothing to all bytes of what is not done", async () => {
  await using dir = new TempDir();
  const data = [await writeCorpus(dir)];
  const out = `${dir.path}/out`;
  const size = (await findShards(data)).reduce((sum, shard) => sum + shard.size!, 0);
  let last = { bytes: 0, totalBytes: 0, shards: 0, totalShards: 0 };
  const onProgress: PrepareOptions["onProgress"] = (progress) => {
    assert(progress.bytes >= last.bytes && progress.shards >= last.shards);
    last = { ...progress, totalBytes: progress.totalBytes! };
  };
  await prepare({ data, out, onProgress });
  assertEquals(last, { bytes: size, totalBytes: size, shards: 5, totalShards: 5 });
  assertGreater(size, 1000);
  last.bytes = 0;
  await prepare({ data, out, onProgress });
  assertEquals(last, { bytes: 0, totalBytes: 0, shards: 5, totalShards: 5 });
});
