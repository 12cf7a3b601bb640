import { assert, assertEquals, assertRejects } from "@std/assert";
import { DataError } from "../../../src/data/files/data_error.ts";
import { readFooter } from "../../../src/data/parquet/footer.ts";
import { readRows, type RowOptions } from "../../../src/data/parquet/rows.ts";
import type { Shard } from "../../../src/data/files/shard.ts";
import { UserError } from "../../../src/errors.ts";
import { TempDir } from "../fixtures.ts";
import { parquetFile, parquetShard, ROWS, WRITTEN } from "./files.ts";

/** The texts by the numbers of their rows; those without text are left out. */
async function read(shard: Shard, options: RowOptions = {}): Promise<Map<number, string>> {
  const texts = new Map<number, string>();
  for await (const { number, bytes, ends } of readRows(shard, options)) {
    ends.forEach((end, i) => {
      const text = new TextDecoder().decode(bytes.subarray(ends[i - 1] ?? 0, end));
      if (text !== "") texts.set(number + i, text);
    });
  }
  return texts;
}

const ALL = new Map(ROWS.flatMap((text, row) => text ? [[row, text] as const] : []));

for (const name of WRITTEN) {
  Deno.test(`readRows reads ${name}`, async () => {
    let bytes = 0;
    const shard = parquetShard(name);
    assertEquals(await read(shard, { onRead: (count) => bytes += count }), ALL);
    assertEquals(bytes, shard.size);
  });

  Deno.test(`readRows begins ${name} at a row`, async () => {
    for (const first of [1, 9, 10, 13, 24]) {
      const texts = await read(parquetShard(name), { first });
      const isWanted = ([row]: [number, string]) => row >= first;
      assertEquals([...texts].filter(isWanted), [...ALL].filter(isWanted));
    }
  });
}

Deno.test("readRows reads a field of a struct that may be null", async () => {
  const texts = await read(parquetShard("pyarrow_v2_zstd", "meta.body"));
  assertEquals(texts, new Map([...ALL].filter(([row]) => row % 4 !== 0)));
});

Deno.test("readRows reads two million rows of one group", async () => {
  let [rows, length] = [0, 0];
  for await (const { number, bytes, ends } of readRows(parquetShard("many_rows"), {})) {
    assertEquals(number, rows);
    rows += ends.length;
    length += bytes.length;
    assert(bytes.length <= 2 ** 18 && ends.length <= 2 ** 18);
  }
  assertEquals(rows, 2_000_000);
  assertEquals(length, 500_000 * "one two three".replaceAll(" ", "").length);
});

Deno.test("a row group of 300 MB takes a page's memory", async () => {
  const script = new URL("./rows_memory.ts", import.meta.url).href;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "-A", script, parquetFile("large_group")],
    stderr: "inherit",
  }).output();
  const { bytes, most } = JSON.parse(new TextDecoder().decode(stdout));
  assertEquals(bytes, 75_000 * 3999);
  assert(most < 200e6, `${most}`);
});

Deno.test("readRows says which columns there are, and what one holds", async () => {
  const refusal = async (column?: string, name = "duckdb_zstd") => {
    const error = await assertRejects(() => read(parquetShard(name, column)), UserError);
    return error.message.slice(parquetFile(name).length);
  };
  assertEquals(
    await refusal("content"),
    ' has no column "content"; name one of texts with --column: "id", ' +
      '"links.list.element.url", "links.list.element.tags.list.element", "text", "meta.title", ' +
      '"meta.body", "score"',
  );
  const not = "not texts; name another with --column";
  assertEquals(await refusal("id"), `: column "id" holds INT_64, ${not}`);
  assertEquals(await refusal("score"), `: column "score" holds FLOAT, ${not}`);
  assertEquals(
    await refusal("links.list.element.url"),
    `: column "links.list.element.url" holds lists, ${not}`,
  );
  assertEquals(
    await refusal("text", "pyarrow_lz4"),
    " is packed with LZ4_RAW; write it anew with zstd, snappy, gzip or brotli",
  );
});

Deno.test("readRows says what is wrong with a file", async () => {
  await using dir = new TempDir();
  const whole = await Deno.readFile(parquetFile("duckdb_zstd"));
  const refusal = async (content: Uint8Array | string) => {
    const source = await dir.write("a.parquet", content);
    const shard = { name: source, source, size: content.length };
    const error = await assertRejects(() => read(shard), DataError);
    assertEquals(await read(shard, { skipBad: true }), new Map());
    return error.message.slice(source.length);
  };
  const noEnd = " is no Parquet file, or cut short: it does not end with PAR1; get it anew, or " +
    "skip it with --skip-bad";
  assertEquals(await refusal(""), noEnd);
  assertEquals(await refusal("no table"), noEnd);
  assertEquals(await refusal(whole.slice(0, 1000)), noEnd);
  assertEquals(
    await refusal("PAR1\x7f\x7f\x7f\x00PAR1"),
    " is damaged in its footer: a footer of 8,355,719 bytes is too large; get it anew, or skip " +
      "it with --skip-bad",
  );
  const { metadata_length } = await readFooter(parquetShard("duckdb_zstd"));
  whole.fill(0xff, whole.length - 8 - metadata_length, whole.length - 8);
  assertEquals(
    await refusal(whole),
    " is damaged in its footer: it cannot be parsed; get it anew, or skip it with --skip-bad",
  );
});

Deno.test("readRows says where a page is damaged, and skips the rest of its row group", async () => {
  await using dir = new TempDir();
  const name = "pyarrow_v2_zstd";
  const whole = await Deno.readFile(parquetFile(name));
  const metadata = await readFooter(parquetShard(name));
  const place = metadata.row_groups[0].columns
    .find(({ meta_data }) => meta_data?.path_in_schema[0] === "text")!.meta_data!;
  const end = Number(place.dictionary_page_offset) + Number(place.total_compressed_size);
  whole[end - 3] ^= 1; // in the last page of rows 0 to 8
  const source = await dir.write("a.parquet", whole);
  const shard = { name: source, source, size: whole.length };
  const error = await assertRejects(() => read(shard), DataError);
  const [, at] = error.message.match(/ is damaged at byte (\d+), in row group 0: its checksum/)!;
  assert(Number(at) < end && Number(at) > end - 500);
  let bad = 0;
  const texts = await read(shard, { skipBad: true, onBad: () => bad++ });
  assertEquals(bad, 1);
  assertEquals(texts, new Map([...ALL].filter(([row]) => row !== 8)));
});
