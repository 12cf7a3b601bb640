import { assertEquals, assertRejects } from "@std/assert";
import { findShards } from "../../../src/data/files/sources.ts";
import { UserError } from "../../../src/errors.ts";
import { FileServer, serveFile } from "../file_server.ts";
import { namedPipe, tar, TempDir } from "../fixtures.ts";

const findNames = async (data: string[]) => (await findShards(data)).map(({ name }) => name);

Deno.test("findShards takes files, globs and directories, each file once, sorted", async () => {
  await using dir = new TempDir();
  const c = await dir.write("c.txt", "c");
  const a = await dir.write("a.jsonl", "");
  const b = await dir.write("b.jsonl.zst", "");
  const deep = await dir.write("sub/d.jsonl", "");
  await dir.write("README.md", "not data");
  await dir.write("sub.txt/e.jsonl", ""); // a directory named like a file is none

  assertEquals(await findNames([c, a]), [a, c]);
  assertEquals(await findNames([dir.path]), [a, b, c]);
  assertEquals(await findNames([dir.path + "/"]), [a, b, c]);
  assertEquals(await findNames([`${dir.path}/*`]), [a, b, c]);
  assertEquals(await findNames([`${dir.path}/*.jsonl*`, a]), [a, b]);
  assertEquals(await findNames([`${dir.path}/sub/*.jsonl`, c, c]), [c, deep]);
  const all = await findNames([`${dir.path}/**/*.jsonl`]);
  assertEquals(all, [a, `${dir.path}/sub.txt/e.jsonl`, deep].sort());
});

Deno.test("findShards takes a file as it is though its name looks like a glob", async () => {
  await using dir = new TempDir();
  const odd = await dir.write("part[1].txt", "x");
  await dir.write("part1.txt", "x");
  assertEquals(await findNames([odd]), [odd]);
});

Deno.test("findShards sorts the same however the files were named", async () => {
  await using dir = new TempDir();
  const files = [await dir.write("a.txt", "a"), await dir.write("b.txt", "b")];
  const dotted = `${dir.path}/./b.txt`;
  assertEquals((await findNames([dotted, files[0]])).map((file) => file.slice(-5)), [
    "a.txt",
    "b.txt",
  ]);
});

Deno.test("findShards says what it did not find", async () => {
  await using dir = new TempDir();
  await dir.write("README.md", "not data");
  const fails = (data: string[], message: string) =>
    assertRejects(() => findShards(data), UserError, message);
  await fails([], "no data");
  await fails([`${dir.path}/none.txt`], `no such file or directory: ${dir.path}/none.txt`);
  await fails([`${dir.path}/README.md/x.txt`], "no such file or directory");
  await fails([`${dir.path}/*.zst`], `matches ${dir.path}/*.zst`);
  await fails(
    [`${dir.path}/*`],
    `no .jsonl.zst, .jsonl.gz, .jsonl, .txt.zst, .txt.gz, .txt, .parquet, .tar, .bin file matches`,
  );
  await fails([dir.path], `file in the directory ${dir.path}`);
  await fails([`${dir.path}/README.md`], "the data must be one of .jsonl.zst, ");
  await fails(
    [`${dir.path}/README.md`],
    ".txt, .parquet, .tar, .bin; copy it to a name that ends in .txt",
  );
  const others = {
    "a.html": "write its texts to a .jsonl file, a line",
    "b.zip": "unpack it",
    "c.pdf": "save its text as a .txt file",
    "d.TXT": "spell its ending in small letters",
    "e": "if it is a text, copy it to a name that ends in .txt",
    "f.py": "if it is a text, copy it to a name that ends in .txt",
  };
  for (const [name, what] of Object.entries(others)) {
    await fails([await dir.write(`other/${name}`, "")], `.tar, .bin; ${what}`);
  }
});

Deno.test("findShards says how to make data of tables and arrays", async () => {
  await using dir = new TempDir();
  const path = (name: string) => `${dir.path}/${name}`;
  const becomes = async (name: string, remedy: string) => {
    const file = await dir.write(name, "");
    await assertRejects(() => findShards([file]), UserError, `.bin; ${remedy}`);
  };
  const column = `${path("a.parquet")}"), and name its column of texts with --column`;
  const table = "make a Parquet file of it, e.g. in Python: import duckdb; duckdb.read_";
  await becomes("a.csv", `${table}csv("${path("a.csv")}").write_parquet("${column}`);
  await becomes("a.TSV", `${table}csv("${path("a.TSV")}").write_parquet("${column}`);
  await becomes("a.json", `${table}json("${path("a.json")}").write_parquet("${column}`);
  await becomes("a.arrow", "make a Parquet file of it in Python: from datasets import Dataset; ");
  await becomes(
    "a.npy",
    "if it holds GPT-2 tokens, make a .bin of it in Python: import numpy as np; " +
      `np.load("${path("a.npy")}").ravel().astype(np.uint16).tofile("${path("a.bin")}")`,
  );
});

Deno.test("findShards says what may be meant by a directory without data files", async () => {
  await using dir = new TempDir();
  const { path } = dir;
  const note = await dir.write("notes.md", "# A text");
  const fails = (why: string) =>
    assertRejects(() => findShards([path]), UserError, `file in the directory ${path}${why}`);
  await fails(`; of ${note}: copy it to a name that ends in .txt`);
  const text = await dir.write("1999/may.txt", "A text.");
  await fails(`, whose folders are not looked into: '${path}/**/*' names what is in them`);
  assertEquals(await findNames([`${path}/**/*`]), [text]);
});

Deno.test({
  name: "findShards refuses a pipe that is named, and does not find it otherwise",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using dir = new TempDir();
    const file = await dir.write("a.jsonl", "");
    const pipe = `${dir.path}/b.jsonl`;
    namedPipe(pipe);
    await assertRejects(
      () => findShards([pipe]),
      UserError,
      `${pipe} is a named pipe, not a file`,
    );
    assertEquals(await findNames([dir.path]), [file]);
    assertEquals(await findNames([`${dir.path}/*`]), [file]);
  },
});

Deno.test("findShards takes every kind of data file, and no hidden ones unless named", async () => {
  await using dir = new TempDir();
  const kinds = ["bin", "jsonl", "jsonl.gz", "jsonl.zst", "txt", "txt.gz", "txt.zst"];
  const files: string[] = [];
  for (const kind of kinds) files.push(await dir.write(`a.${kind}`, "x"));
  const hidden = await dir.write(".b.jsonl", "x");
  for (const other of ["a.zst", "a.json", "a.gz", "jsonl", "a.JSONL.bak"]) {
    await dir.write(other, "x");
  }
  assertEquals(await findNames([dir.path]), files);
  assertEquals(await findNames([`${dir.path}/*`]), files);
  assertEquals(await findNames([hidden]), [hidden]);
  assertEquals((await findShards([files[0]]))[0].size, 1);
});

Deno.test("findShards opens archives, on disk and on servers", async () => {
  await using dir = new TempDir();
  const archive = tar(["2005-07.jsonl", '"July"\n'], ["2005-06.jsonl", '"June"\n'], [
    "README",
    "-",
  ]);
  const path = await dir.write("owt2.tar", archive);
  const first = await dir.write("a.txt", "x");
  await using server = new FileServer((request) => serveFile(request, archive));
  await using limited = new FileServer(() => ({ body: archive, headers: { ETag: '"2"' } }));

  assertEquals(await findNames([dir.path]), [
    ...[first, `${path}/2005-06.jsonl`, `${path}/2005-07.jsonl`],
  ]);
  const url = `${server.url}/owt2.tar?download=true`;
  const name = `${server.url}/owt2.tar`;
  assertEquals<unknown>(await findShards([url]), [
    { name: `${name}/2005-06.jsonl`, source: url, offset: 1536, size: 7, version: '"1"' },
    { name: `${name}/2005-07.jsonl`, source: url, offset: 512, size: 7, version: '"1"' },
  ]);
  const whole = `${limited.url}/owt2.tar`;
  assertEquals<unknown>(await findShards([whole]), [
    { name: whole, source: whole, size: archive.length, version: '"2"' },
  ]);
});

Deno.test("findShards takes files on servers, once each, or says why not", async () => {
  await using server = new FileServer(({ path }) =>
    path.startsWith("/none") ? { status: 404 } : { body: "x", headers: { ETag: '"1"' } }
  );
  const { url } = server;
  assertEquals<unknown>(await findShards([`${url}/b.txt`, `${url}/a.jsonl`, `${url}/b.txt`]), [
    { name: `${url}/a.jsonl`, source: `${url}/a.jsonl`, size: 1, version: '"1"' },
    { name: `${url}/b.txt`, source: `${url}/b.txt`, size: 1, version: '"1"' },
  ]);
  assertEquals(server.requests.length, 2);
  const fails = (data: string[], message: string) =>
    assertRejects(() => findShards(data, { http: { tries: 1 } }), UserError, message);
  await fails([`${url}/none.jsonl`], `${url}/none.jsonl: the server answers 404`);
  await fails([`${url}/page.html`], `${url}/page.html: the data must be one of .jsonl.zst, `);
  await fails([`${url}/a.bin`], `${url}/a.bin: token files are read on disk`);
  await fails(["http://"], "http:// is not a URL");
  await fails([`${url}/a.txt?part=1`, `${url}/a.txt?part=2`], "two different files are called");
});

Deno.test({
  name: "findShards names what it cannot open in a directory or glob, or counts it",
  ignore: Deno.build.os !== "linux", // others take no such names
  fn: async () => {
    const broken = {
      link: ["a link that leads to no file; mend it", "ln -s /none/such z.jsonl"],
      loop: ["Too many levels of symbolic links", "ln -s z.bin z.bin"],
      name: ["a file whose name is not UTF-8; rename it", 'touch "$(printf "\\377").txt"'],
      twice: [
        "a file whose name is not UTF-8; rename it",
        'touch "$(printf "\\377").txt" \ufffd.txt',
      ],
    };
    for (const [kind, [message, script]] of Object.entries(broken)) {
      await using dir = new TempDir();
      const file = await dir.write("a.jsonl", "1");
      await dir.write("README.md", "");
      const { code } = await new Deno.Command("sh", {
        args: ["-c", `${script}; ln -s /none/such note.md; ln -s /none/such .hidden.txt`],
        cwd: dir.path,
      }).output();
      assertEquals(code, 0);
      // A pattern gives each name once.
      for (const data of kind === "twice" ? [dir.path] : [dir.path, `${dir.path}/*`]) {
        const error = await assertRejects(() => findShards([data]), UserError, message);
        assertEquals(error.message.includes(dir.path), true);
        let bad = 0;
        const shards = await findShards([data], { skipBad: true, onBad: () => bad++ });
        assertEquals(shards.map(({ name }) => name).includes(file), true);
        assertEquals([shards.length, bad], [kind === "twice" ? 2 : 1, 1]);
      }
      assertEquals(await findNames([file]), [file]);
    }
  },
});
