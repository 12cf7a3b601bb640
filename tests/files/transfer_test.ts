import { assertEquals } from "@std/assert";
import { readFully, readFullySync, writeAll, writeAllSync } from "../../src/files/transfer.ts";
import { TempDir } from "../data/fixtures.ts";

/** A file that reads and writes at most 3 bytes at a time. */
function slow(file: Deno.FsFile): Deno.FsFile {
  return {
    read: (bytes: Uint8Array) => file.read(bytes.subarray(0, 3)),
    readSync: (bytes: Uint8Array) => file.readSync(bytes.subarray(0, 3)),
    write: (bytes: Uint8Array) => file.write(bytes.subarray(0, 3)),
    writeSync: (bytes: Uint8Array) => file.writeSync(bytes.subarray(0, 3)),
  } as Deno.FsFile;
}

Deno.test("arrays are written and read as a whole, as far as the file goes", async () => {
  await using directory = new TempDir();
  const path = `${directory.path}/a`;
  const values = Uint16Array.from({ length: 12 }, (_, i) => 1000 * i);
  const part = values.subarray(2, 12); // 20 bytes
  {
    using file = await Deno.open(path, { write: true, create: true });
    await writeAll(slow(file), part);
    writeAllSync(slow(file), part);
  }
  using file = await Deno.open(path);
  const [one, other] = [new Uint16Array(10), new Uint16Array(15)];
  assertEquals(await readFully(slow(file), new Uint8Array(one.buffer)), 20);
  assertEquals(readFullySync(slow(file), new Uint8Array(other.buffer)), 20);
  assertEquals([one, other.subarray(0, 10)], [part, part]);
  assertEquals(await readFully(file, new Uint8Array(1)), 0);
  assertEquals(readFullySync(file, new Uint8Array()), 0);
});
