import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { pinDatasets } from "../../../src/data/files/dataset.ts";
import { parseDataset } from "../../../src/data/files/dataset_name.ts";
import { findShards } from "../../../src/data/files/sources.ts";
import { readAllDocuments } from "../../../src/data/text/reader.ts";
import { UserError } from "../../../src/errors.ts";
import { frame, jsonl, tar } from "../fixtures.ts";
import { parquetFile, ROWS } from "../parquet/files.ts";
import { atHub, COMMIT, DatasetServer } from "./dataset_server.ts";

const FILES = {
  "README.md": "# A data set",
  ".hidden.txt": "hidden",
  "data/train-00000.parquet": Deno.readFileSync(parquetFile("duckdb_zstd")),
  "data/train-00001.jsonl.zst": frame(jsonl(["one", "two"])),
  "data/test-00000.jsonl": jsonl(["three"]),
  "sample/10BT/000 a.txt": "four",
  "all.tar": tar(["a.jsonl", jsonl(["five"])]),
  "tokens.bin": new Uint8Array(4),
};

Deno.test("names of data sets have parts", () => {
  const parse = (rest: string) => Object.values(parseDataset(`hf://datasets/a/b${rest}`));
  assertEquals(parse(""), ["a/b", "main", undefined, undefined]);
  assertEquals(parse("/"), ["a/b", "main", undefined, undefined]);
  assertEquals(parse("@v1.0/data/*.txt?split=train"), ["a/b", "v1.0", "data/*.txt", "train"]);
  assertEquals(parse("@refs/convert/parquet/x"), [
    "a/b",
    "refs/convert/parquet",
    "x",
    undefined,
  ]);
  for (const name of ["hf://a/b", "hf://datasets/a", "hf://datasets/a/b/../c"]) {
    assertThrows(() => parseDataset(name), UserError, `${name} does not name a data set`);
  }
});

Deno.test("a data set of a hub is listed, in pages, and read where it is", async () => {
  await using server = new DatasetServer({ "me/texts": { files: FILES } });
  const base = "hf://datasets/me/texts";
  const find = (rest: string) => atHub(server, undefined, () => findShards([base + rest]));
  const names = async (rest: string) =>
    (await find(rest)).map(({ name }) => name.slice(base.length + 1));
  assertEquals(await names(""), [
    "all.tar/a.jsonl",
    "data/test-00000.jsonl",
    "data/train-00000.parquet",
    "data/train-00001.jsonl.zst",
    "sample/10BT/000 a.txt",
  ]);
  assertEquals(await names("/data"), (await names("")).slice(1, 4));
  assertEquals(await names("@main/data/*.parquet"), ["data/train-00000.parquet"]);
  assertEquals(await names("/**/*.{txt,jsonl}"), [
    "data/test-00000.jsonl",
    "sample/10BT/000 a.txt",
  ]);
  assertEquals(await names("?split=train"), (await names("")).slice(2, 4));
  const texts = await Array.fromAsync(readAllDocuments(await find("")), ({ text }) => text);
  const rows = ROWS.filter((text) => text);
  assertEquals(texts, ["five", "three", ...rows as string[], "one", "two", "four"]);
  assertEquals(server.authorized, []);
});

Deno.test("a split is what the data set's card declares, of its default configuration", async () => {
  const files = Object.fromEntries(
    ["a/1.txt", "a/2.txt", "b/1.txt", "b/dev/2.txt", "c/test.txt"].map((path) => [path, "text"]),
  );
  const configs = [
    { config_name: "small", data_files: [{ split: "train", path: "a/1.txt" }] },
    {
      ...{ config_name: "large", default: true },
      data_files: [{ split: "train", path: ["a/*", "./b/*.txt"] }, {
        split: "held",
        path: "b/dev",
      }],
    },
    { config_name: "odd", data_files: 3 },
    null,
  ];
  await using server = new DatasetServer({
    ...{ "me/a": { files, card: { configs } }, "me/b": { files, card: "no" } },
    "me/c": { files, card: { configs: [{ data_files: "c/*" }] } },
  });
  const names = (name: string) =>
    atHub(server, undefined, async () => {
      const shards = await findShards([`hf://datasets/me/${name}`]);
      return shards.map(({ name }) => name.slice("hf://datasets/me/a/".length));
    });
  assertEquals(await names("a?split=train"), ["a/1.txt", "a/2.txt", "b/1.txt"]);
  assertEquals(await names("a?split=held"), ["b/dev/2.txt"]);
  assertEquals(await names("a/a?split=train"), ["a/1.txt", "a/2.txt"]);
  assertEquals(await names("a?split=test"), ["c/test.txt"]); // not declared: by its name
  assertEquals(await names("b?split=dev"), ["b/dev/2.txt"]);
  assertEquals(await names("c?split=train"), ["c/test.txt"]);
});

Deno.test("a data set is kept by its commit", async () => {
  await using server = new DatasetServer({ "me/texts": { files: FILES } });
  const names = ["novel.txt", "hf://datasets/me/texts/data?split=test"];
  const pinned = await atHub(server, undefined, () => pinDatasets(names));
  assertEquals(pinned, ["novel.txt", `hf://datasets/me/texts@${COMMIT}/data?split=test`]);
  const before = server.hub.requests.length;
  assertEquals(await atHub(server, undefined, () => pinDatasets(pinned)), pinned);
  assertEquals(server.hub.requests.length, before); // nothing to ask
});

Deno.test("a token is for the hub, and told of where it is needed", async () => {
  const files = { "a.txt": "one" };
  await using server = new DatasetServer({ "me/gated": { files, token: "secret" } });
  const data = ["hf://datasets/me/gated"];
  await assertRejects(
    () => atHub(server, undefined, () => findShards(data)),
    UserError,
    `the data set me/gated is gated or private: ask for access on ${server.url}/datasets/me/gated ` +
      "and set HF_TOKEN",
  );
  const shards = await atHub(server, "secret", () => findShards(data));
  const texts = await Array.fromAsync(readAllDocuments(shards), ({ text }) => text);
  assertEquals(texts, ["one"]);
  assertEquals(server.authorized.filter((request) => request.startsWith("cdn")), []);
});

Deno.test("what a hub does not have is told", async () => {
  await using server = new DatasetServer({ "me/texts": { files: FILES } });
  const fails = (rest: string, why: string) =>
    atHub(
      server,
      undefined,
      () => assertRejects(() => findShards([`hf://datasets/${rest}`]), UserError, why),
    );
  const none = "there is no such data set or revision, or it is private or gated";
  await fails("me/others", `${server.url}/datasets/me/others: ${none}`);
  await fails("me/texts@v9", `${server.url}/datasets/me/texts@v9: ${none}`);
  await fails("me/texts/*.md", "file on the hub is hf://datasets/me/texts/*.md: look at its files");
  await fails("me/texts?split=dev", "no name of a file has the word dev in it; name a path");
});
