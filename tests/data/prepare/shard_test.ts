import { assertEquals, assertGreater } from "@std/assert";
import { BinFile } from "../../../src/data/bin/bin_file.ts";
import { identifyShard, readRecord, ShardFiles } from "../../../src/data/prepare/record.ts";
import { prepareShard } from "../../../src/data/prepare/shard.ts";
import { encode, END_OF_TEXT } from "../../../src/tokens/tokenizer.ts";
import { jsonl, shardsOf, TempDir, texts } from "../fixtures.ts";

/** The names of a directory's token files. */
async function binNames(path: string): Promise<string[]> {
  const names = (await Array.fromAsync(Deno.readDir(path))).map(({ name }) => name);
  return names.filter((name) => name.includes("tokens") && name !== "tokens_000000.json").sort();
}

Deno.test("more tokens than a file can hold go on in further files", async () => {
  await using dir = new TempDir();
  const [out, documents] = [dir.path, texts(10, 20)];
  const [shard] = shardsOf(await dir.write("a.jsonl", jsonl(documents)));
  const of = await identifyShard(shard, { minTokens: 0, validationBound: 0 });
  const task = { shard, of, out, index: 0, skipBad: false };
  const tokens = documents.flatMap((text) => [...encode(text), END_OF_TEXT]);
  assertGreater(tokens.length, 200);

  const record = await prepareShard(task, () => {}, 100);
  assertEquals(record.tokens, { training: tokens.length, validation: 0 });
  const names = await binNames(out);
  assertEquals(names.slice(0, 3), [
    ...["tokens_train_000000.bin", "tokens_train_000000_01.bin", "tokens_train_000000_02.bin"],
  ]);
  const read = names.flatMap((name) => {
    using file = BinFile.open({ name, source: `${out}/${name}` });
    return [...file.chunks()].map((chunk) => [...chunk]);
  });
  assertEquals(
    read,
    Array.from(Array(read.length), (_, i) => tokens.slice(100 * i, 100 * i + 100)),
  );
  assertEquals(read.flat(), tokens);

  // All of them must be there for the shard to be done.
  const files = new ShardFiles(out, 0, 100);
  assertEquals((await readRecord(files, of, false))?.tokens, record.tokens);
  await Deno.rename(`${out}/${names[2]}`, `${out}/away`);
  assertEquals(await readRecord(files, of, false), undefined);
  await Deno.rename(`${out}/away`, `${out}/${names[2]}`);

  // Fewer ones leave none of the former, and one that is just full is the only one.
  await prepareShard(task, () => {}, tokens.length);
  assertEquals(await binNames(out), ["tokens_train_000000.bin"]);
  assertEquals(await readRecord(files, of, false), undefined);
  const one = await readRecord(new ShardFiles(out, 0, tokens.length), of, false);
  assertEquals(one?.tokens, record.tokens);
});

Deno.test("links in the places of files that are written are not followed", async () => {
  await using dir = new TempDir();
  const out = dir.path;
  const precious = await dir.write("precious", "precious");
  const [shard] = shardsOf(await dir.write("a.jsonl", jsonl(texts(10, 20))));
  const of = await identifyShard(shard, { minTokens: 0, validationBound: 2 ** 31 });
  const names = ["tokens_train_000000.bin", "tokens_val_000000.bin", "tokens_000000.json"];
  for (const name of names) {
    await Deno.symlink(precious, `${out}/${name}.tmp`);
    await Deno.symlink(precious, `${out}/${name}`);
  }
  const record = await prepareShard({ shard, of, out, index: 0, skipBad: false }, () => {});
  assertGreater(Math.min(record.tokens.training, record.tokens.validation), 0);
  assertEquals(await Deno.readTextFile(precious), "precious");
  for (const name of names) assertEquals((await Deno.lstat(`${out}/${name}`)).isFile, true);
});
