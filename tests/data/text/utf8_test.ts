import { assertEquals } from "@std/assert";
import {
  decodeUtf8,
  decodeUtf8Leniently,
  firstInvalid,
  wholeCharacters,
  withoutMark,
} from "../../../src/data/text/utf8.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("decodeUtf8 keeps a byte-order mark and tells what is no UTF-8", () => {
  assertEquals(decodeUtf8(bytes("\ufeffaé🌕\0")), "\ufeffaé🌕\0");
  for (const bad of [[0xff], [0x61, 0xc3], [0xed, 0xa0, 0x80], [0xc0, 0x80], [0xf5, 0x80]]) {
    assertEquals(decodeUtf8(new Uint8Array(bad)), undefined);
  }
  assertEquals(decodeUtf8Leniently(new Uint8Array([0x61, 0xff, 0x62])), "a\ufffdb");
  assertEquals(withoutMark("\ufeff\ufeffa"), "\ufeffa");
  assertEquals(withoutMark("a\ufeff"), "a\ufeff");
});

Deno.test("firstInvalid is where the first character is that is none", () => {
  const moon = bytes("🌕");
  for (const before of ["", "a", "aé🌕", "🌕".repeat(1000)]) {
    const length = bytes(before).length;
    for (
      const bad of [[0xff], [0x80], [0xc3, 0x61], [0xe2, 0x82, 0x61], [0xed, 0xa0, 0x80], [
        ...moon.slice(0, 3),
      ]]
    ) {
      for (const after of bad.length === 3 && bad[0] === 0xf0 ? [""] : ["", " and more"]) {
        if (bad[0] === 0xc3 && after === "") continue;
        const all = new Uint8Array([...bytes(before), ...bad, ...bytes(after)]);
        assertEquals(firstInvalid(all), length);
      }
    }
  }
});

Deno.test("wholeCharacters leaves out a character that is cut", () => {
  const text = bytes("aé€🌕");
  const ends = [0, 1, 3, 6, 10];
  for (let length = 0; length <= text.length; length++) {
    const expected = ends.findLast((end) => end <= length);
    assertEquals(wholeCharacters(text.subarray(0, length)), expected);
  }
  assertEquals(wholeCharacters(new Uint8Array([0x80, 0x80, 0x80, 0x80, 0x80])), 5);
  assertEquals(wholeCharacters(new Uint8Array([0x61, 0xff])), 1);
});
