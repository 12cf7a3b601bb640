import { assertEquals } from "@std/assert";
import { TokenBuffer } from "../../src/tokens/token_buffer.ts";

Deno.test("TokenBuffer holds any number of tokens, and drops the last ones", () => {
  const tokens = new TokenBuffer();
  for (let i = 0; i < 100_000; i++) tokens.push(i % 50_257);
  assertEquals(tokens.length, 100_000);
  assertEquals(tokens.from(0), Uint16Array.from({ length: 100_000 }, (_, i) => i % 50_257));
  assertEquals(tokens.from(99_998), Uint16Array.of(99_998 - 50_257, 99_999 - 50_257));
  tokens.length = 2;
  tokens.push(50_256);
  assertEquals(tokens.from(0), Uint16Array.of(0, 1, 50_256));
});
