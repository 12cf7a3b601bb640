import { assertEquals, assertRejects } from "@std/assert";
import { DataError } from "../../../src/data/files/data_error.ts";
import { readShard, type Shard } from "../../../src/data/files/shard.ts";
import { UserError } from "../../../src/errors.ts";
import { FileServer, serveFile } from "../file_server.ts";
import { concat, TempDir } from "../fixtures.ts";

const content = Uint8Array.from({ length: 600_000 }, (_, i) => i * i % 251);

async function read(shard: Shard): Promise<Uint8Array> {
  return concat(...await Array.fromAsync(readShard(shard), (chunk) => chunk.slice()));
}

Deno.test("readShard reads a file or a part of it, on disk or on a server", async () => {
  await using dir = new TempDir();
  const path = await dir.write("a.jsonl", content);
  await using server = new FileServer((request) => serveFile(request, content));
  for (const source of [path, `${server.url}/a.jsonl`]) {
    const name = "a.jsonl";
    assertEquals(await read({ name, source }), content);
    assertEquals(await read({ name, source, size: content.length }), content);
    const part = { name, source, offset: 70_000, size: 400_000 };
    assertEquals(await read(part), content.slice(70_000, 470_000));
    assertEquals(await read({ name, source, offset: 600_000, size: 0 }), new Uint8Array());
  }
});

Deno.test("readShard tells of a file that is gone, or changes while it is read", async () => {
  await using dir = new TempDir();
  const source = await dir.write("a.jsonl", content);
  const shard = { name: "a.jsonl", source, size: content.length };
  const rest = async (change: () => Promise<void>) => {
    const chunks = readShard(shard);
    await chunks.next();
    await change();
    return await Array.fromAsync(chunks);
  };
  await assertRejects(
    () => rest(() => Deno.writeFile(source, new Uint8Array(1), { append: true })),
    UserError,
    "a.jsonl has grown while it was read, to more than 600000 bytes",
  );
  await assertRejects(
    () => rest(() => Deno.truncate(source, 400_000)),
    DataError,
    "a.jsonl is cut short: it ends at byte 400000 of 600000",
  );
  const outside = { ...shard, offset: 390_000, size: 20_000 };
  await assertRejects(() => read(outside), DataError, "it ends at byte 10000 of 20000");
  await Deno.remove(source);
  await assertRejects(() => read(shard), UserError, "cannot read a.jsonl: No such file");
});

Deno.test("readShard takes what shows its own end from a server that does not say its size", async () => {
  await using server = new FileServer(() => ({ body: content, length: null }));
  const from = (name: string) => read({ name, source: `${server.url}/${name}` });
  for (const name of ["a.jsonl.zst", "a.txt.gz", "a.tar"]) assertEquals(await from(name), content);
  for (const name of ["a.jsonl", "a.txt"]) {
    await assertRejects(() => from(name), UserError, "does not say how long the file is");
  }
});
