/** The whole way from Parquet files to documents, batches and files of tokens. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { findShards } from "../../../src/data/files/sources.ts";
import { inspect } from "../../../src/data/inspect.ts";
import { readBatches } from "../../../src/data/pack/batches.ts";
import { prepare } from "../../../src/data/prepare/prepare.ts";
import { readDocuments } from "../../../src/data/text/documents.ts";
import { UserError } from "../../../src/errors.ts";
import { fullVocabulary } from "../../../src/tokens/vocabulary.ts";
import { FileServer, serveFile } from "../file_server.ts";
import { TempDir } from "../fixtures.ts";
import { AS_JSONL, parquetFile, parquetShard } from "./files.ts";

/** The first batches, and after each the place in the data. */
async function batchesOf(path: string, workers: number) {
  const [shard] = await findShards([path]);
  const options = { context: 8, batch: 2, seed: 1, vocabulary: fullVocabulary(), workers };
  const batches = [];
  const all = readBatches({ ...options, shards: [shard], split: "training", blockTokens: 100 });
  for await (const { inputs, position: { of: _, ...place } } of all) {
    if (batches.push({ inputs, place }) === 120) return batches;
  }
}

Deno.test("a Parquet file gives the batches of the same rows as JSON lines", async () => {
  await using dir = new TempDir();
  const lines = await batchesOf(await dir.write("a.jsonl", AS_JSONL), 1);
  assert(lines!.at(-1)!.place.epoch > 1);
  for (const [name, workers] of [["pyarrow_v2_zstd", 1], ["duckdb_snappy", 2]] as const) {
    assertEquals(await batchesOf(parquetFile(name), workers), lines);
  }
});

Deno.test("a Parquet file on a server is read in parts", async () => {
  const file = await Deno.readFile(parquetFile("pyarrow_dictionary_snappy"));
  await using server = new FileServer((request) => serveFile(request, file));
  const [shard] = await findShards([`${server.url}/a.parquet`]);
  const documents = await Array.fromAsync(readDocuments(shard));
  const local = await Array.fromAsync(
    readDocuments(parquetShard("pyarrow_dictionary_snappy")),
  );
  const texts = (all: typeof documents) => all.map(({ text, number }) => [text, number]);
  assertEquals(texts(documents), texts(local));
  const ranges = server.requests.map((request) => request.split(" ")[1]);
  assertEquals(ranges.slice(0, 2), ["bytes=0-0", `bytes=0-${file.length - 1}`]); // one for the footer
  assertEquals(ranges.length, 2 + 3); // and one for each row group
});

Deno.test("a server that gives no parts of a Parquet file is told of", async () => {
  const file = await Deno.readFile(parquetFile("duckdb_zstd"));
  await using server = new FileServer(() => ({ body: file }));
  const [shard] = await findShards([`${server.url}/a.parquet`]);
  await assertRejects(
    () => Array.fromAsync(readDocuments(shard)),
    UserError,
    "the server does not give parts of the file (no Range requests); download it",
  );
});

Deno.test("prepare and inspect read the column that is named", async () => {
  await using dir = new TempDir();
  const data = [parquetFile("duckdb_zstd")];
  const column = "meta.body"; // null in every 4th row
  const result = await prepare({ data, column, out: `${dir.path}/body`, workers: 1 });
  assertEquals(result.documents, 14);
  const inspection = await inspect(await findShards(data, { column }));
  assertEquals(inspection.documents, 14);
  assertEquals(inspection.tokens, result.trainingTokens + result.validationTokens);
  assertEquals(inspection.examples[0].line, 2);
  await assertRejects(
    () => prepare({ data, out: `${dir.path}/body`, workers: 1 }),
    UserError,
    "this shard was prepared from column meta.body; use the same data and options",
  );
});

Deno.test("a column is only named where there is a Parquet file", async () => {
  await using dir = new TempDir();
  await assertRejects(
    async () => await findShards([await dir.write("a.txt", "x")], { column: "text" }),
    UserError,
    "there is no .parquet file in the data to read a --column of",
  );
});

Deno.test("a row that is not UTF-8 is named, or skipped", async () => {
  const shard = parquetShard("not_utf8");
  await assertRejects(
    () => Array.fromAsync(readDocuments(shard)),
    UserError,
    `${shard.name}: row 2: not UTF-8 text at byte 0 of the text; skip such rows with --skip-bad`,
  );
  let bad = 0;
  const rest = await Array.fromAsync(readDocuments(shard, { skipBad: true, onBad: () => bad++ }));
  assertEquals([rest.map(({ text }) => text), bad], [["one", "three"], 1]);
  await assertRejects(
    () => Array.fromAsync(readDocuments(shard, { maxLineBytes: 2 })),
    UserError,
    `${shard.name}: row 1: longer than 2 bytes; skip such rows with --skip-bad`,
  );
});
