import { assertEquals } from "@std/assert";
import { printable } from "../src/printable.ts";

Deno.test("printable: control characters but line breaks and tabs are replaced", () => {
  for (let code = 0; code < 0xa1; code++) {
    const kept = code === 9 || code === 10 || (code >= 32 && code < 127) || code === 0xa0;
    const text = String.fromCharCode(code);
    assertEquals(printable(text), kept ? text : "\uFFFD", `U+${code.toString(16)}`);
  }
  assertEquals(printable("a\r\nb\rc"), "a\nb\uFFFDc");
  assertEquals(printable("\x1b]0;title\x07é漢👋"), "\uFFFD]0;title\uFFFDé漢👋");
});
