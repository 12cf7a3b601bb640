import { assert, assertEquals, assertRejects } from "@std/assert";
import { ZstdStream } from "../../src/data/zstd.ts";
import { UserError } from "../../src/errors.ts";
import { concat, frame } from "./fixtures.ts";

/** Decompresses data that comes in chunks of some size. */
function decompress(data: Uint8Array, chunk = 65536, skipBad = false): Promise<string> {
  const chunks = function* () {
    for (let at = 0; at < data.length; at += chunk) yield data.slice(at, at + chunk);
  };
  const stream = ReadableStream.from(chunks()).pipeThrough(new ZstdStream("a.zst", skipBad));
  return new Response(stream as ReadableStream<Uint8Array<ArrayBuffer>>).text();
}

const long = Array.from({ length: 12_000 }, (_, i) => `line ${i * i}\n`).join("");
const skippable = new Uint8Array([0x51, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);

Deno.test("ZstdStream reads all frames, however the data is cut", async () => {
  const data = concat(skippable, frame(long), frame(""), skippable, frame("end\n"), frame(long));
  for (const chunk of [1, 7, 1000, 1e6]) {
    assert(await decompress(data, chunk) === long + "end\n" + long, `chunks of ${chunk}`);
  }
});

Deno.test("ZstdStream reports a truncated frame and where it ends", async () => {
  const one = frame(long);
  for (const data of [one.slice(0, -1), one.slice(0, 3000), one.slice(0, 3)]) {
    const error = await assertRejects(() => decompress(data), UserError);
    assertEquals(
      error.message,
      `a.zst is truncated: it ends at byte ${data.length}, inside a zstd frame; ` +
        "download it again, or keep what is whole with --skip-bad",
    );
  }
  const second = concat(one, frame("more").slice(0, -2));
  await assertRejects(() => decompress(second, 100), UserError, `ends at byte ${second.length}`);
});

Deno.test("ZstdStream reports data that is not zstd, is empty or damaged", async () => {
  const text = new TextEncoder().encode("<html>503 Service Unavailable</html>");
  await assertRejects(() => decompress(text), UserError, "a.zst is not zstd data");
  await assertRejects(() => decompress(text, 100, true), UserError, "a.zst is not zstd data");
  await assertRejects(() => decompress(new Uint8Array()), UserError, "a.zst is empty");
  const after = concat(frame("x"), text);
  await assertRejects(() => decompress(after), UserError, `damaged: invalid zstd data before byte`);
});

Deno.test("ZstdStream with skipBad keeps what comes before the damage, then a NUL", async () => {
  const data = concat(frame("whole\n"), frame(long).slice(0, -10));
  const text = await decompress(data, 65536, true);
  assert(text.startsWith("whole\n") && text.endsWith("\0"));
  assert(("whole\n" + long).startsWith(text.slice(0, -1)));
});
