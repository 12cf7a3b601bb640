import { assertEquals } from "@std/assert";
import { BinFile } from "../../../src/data/bin/bin_file.ts";
import { BinWriter } from "../../../src/data/bin/bin_writer.ts";
import { END_OF_TEXT } from "../../../src/tokens/tokenizer.ts";
import { TempDir } from "../fixtures.ts";

Deno.test("what BinWriter writes is llm.c's layout", async () => {
  await using dir = new TempDir();
  const path = `${dir.path}/a.bin`;
  {
    using writer = new BinWriter(path);
    writer.write([END_OF_TEXT, 5]);
    writer.write([]);
    writer.write(Uint16Array.of(50000));
    assertEquals(writer.count, 3);
    writer.finish();
  }
  const header = new Int32Array(256);
  header.set([20240520, 1, 3]);
  const tokens = Uint16Array.of(END_OF_TEXT, 5, 50000);
  assertEquals(
    await Deno.readFile(path),
    new Uint8Array([...new Uint8Array(header.buffer), ...new Uint8Array(tokens.buffer)]),
  );
});

Deno.test("BinWriter writes any number of tokens, and replaces what was there", async () => {
  await using dir = new TempDir();
  const path = await dir.write("a.bin", new Uint8Array(5_000_000));
  const numbers = Array.from({ length: 600_000 }, (_, i) => i % 50257);
  {
    using writer = new BinWriter(path);
    for (const [from, to] of [[0, 3], [3, 300_003], [300_003, 600_000]]) {
      writer.write(numbers.slice(from, to));
    }
    writer.finish();
  }
  using file = BinFile.open({ name: path, source: path });
  assertEquals([...file.chunks()].flatMap((chunk) => [...chunk]), numbers);
});

Deno.test("what BinWriter has not finished is never taken for whole", async () => {
  await using dir = new TempDir();
  const path = `${dir.path}/a.bin`;
  using writer = new BinWriter(path);
  writer.write(Array(300_000).fill(1));
  // All zeros: no llm.c file. As one of nanoGPT it would be read, which is why it bears another
  // name until it is finished.
  assertEquals((await Deno.readFile(path)).subarray(0, 1024), new Uint8Array(1024));
});
