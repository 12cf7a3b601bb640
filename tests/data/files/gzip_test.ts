import { assert, assertEquals, assertRejects } from "@std/assert";
import { gzipSync } from "node:zlib";
import { DataError } from "../../../src/data/files/data_error.ts";
import { gunzip } from "../../../src/data/files/gzip.ts";
import { UserError } from "../../../src/errors.ts";
import { concat, joined } from "../fixtures.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const gzip = (text: string) => new Uint8Array(gzipSync(text));
const long = Array.from({ length: 30_000 }, (_, i) => `line ${i * i}\n`).join("");
const remedy = "; download it again, or keep what is whole with --skip-bad";

async function decompress(data: Uint8Array, size = 65536, seen: Uint8Array[] = []) {
  const chunks = async function* () {
    for (let at = 0; at < data.length; at += size) yield await data.slice(at, at + size);
  };
  for await (const part of gunzip(chunks(), "a.gz")) seen.push(part);
  return new TextDecoder().decode(joined(seen));
}

/** A member whose header has all that it may have. */
function withFullHeader(text: string): Uint8Array {
  const plain = gzip(text);
  const header = plain.slice(0, 10).with(3, 2 | 4 | 8 | 16);
  const fields = concat(new Uint8Array([3, 0, 1, 0, 2]), bytes("name\0comment\0"), bytes("xx"));
  return concat(header, fields, plain.slice(10));
}

Deno.test("gunzip reads all members, however the data is cut, and zeros after them", async () => {
  const data = concat(gzip(long), gzip(""), withFullHeader("middle\n"), gzip(long));
  for (const size of [1, 1000, 1e6]) {
    assert(await decompress(data, size) === long + "middle\n" + long, `chunks of ${size}`);
    assertEquals(await decompress(concat(gzip("x"), new Uint8Array(1000)), size), "x");
  }
});

Deno.test("gunzip reports where data is truncated, after what is whole", async () => {
  const one = gzip(long);
  for (const length of [one.length - 1, one.length - 8, one.length - 9, 5000, 11, 5, 1]) {
    const seen: Uint8Array[] = [];
    const error = await assertRejects(
      () => decompress(one.slice(0, length), 1000, seen),
      DataError,
    );
    const message = `a.gz is truncated: it ends at byte ${length}, inside gzip data${remedy}`;
    assertEquals(error.message, message);
    assert(long.startsWith(new TextDecoder().decode(joined(seen))));
    if (length > one.length - 9) assertEquals(joined(seen).length, long.length);
  }
});

Deno.test("gunzip reports garbage after the data and where it begins, after the data", async () => {
  for (const garbage of ["garbage", "\x1fgarbage", "\0\0garbage"]) {
    const seen: Uint8Array[] = [];
    const data = concat(gzip(long), bytes(garbage));
    const at = data.length - garbage.trimStart().replace(/^\0+/, "").length;
    await assertRejects(
      () => decompress(data, 65536, seen),
      DataError,
      `a.gz has something else after its gzip data, at byte ${at}${remedy}`,
    );
    assertEquals(new TextDecoder().decode(joined(seen)), long);
  }
});

Deno.test("gunzip reports damage", async () => {
  const one = gzip(long);
  const cases: [number, string][] = [
    [one.length - 5, "its checksum differs"],
    [one.length - 1, "its length differs"],
    [2, "unknown compression method"],
    [one.length >> 1, ""],
  ];
  for (const [at, why] of cases) {
    const data = one.with(at, one[at] ^ 255);
    const error = await assertRejects(() => decompress(data), DataError, "invalid gzip data");
    assert(error.message.includes(why), error.message);
  }
});

Deno.test("gunzip reports data that is no gzip or empty", async () => {
  const error = await assertRejects(() => decompress(bytes("<html>")), UserError, "not gzip data");
  assert(!(error instanceof DataError));
  await assertRejects(() => decompress(new Uint8Array()), DataError, "a.gz is empty");
});

Deno.test("gunzip decompresses no further ahead than asked", async () => {
  const zeros = gzipSync(new Uint8Array(2 ** 24));
  const data = joined(Array(100).fill(zeros)); // 1.6 GB
  const rss = Deno.memoryUsage().rss;
  const chunks = async function* () {
    yield await data;
  };
  let size = 0;
  for await (const part of gunzip(chunks(), "a.gz")) if ((size += part.length) > 2 ** 25) break;
  assert(Deno.memoryUsage().rss - rss < 600e6);
});
