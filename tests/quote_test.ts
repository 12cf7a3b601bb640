import { assertEquals } from "@std/assert";
import { quote } from "../src/quote.ts";

Deno.test("values of a file are quoted on one line, and cut", () => {
  assertEquals(quote(undefined), "nothing");
  assertEquals(quote(null), "null");
  assertEquals(quote(1.5), "1.5");
  assertEquals(quote("a\n\u2028b"), '"a\\n\u2028b"');
  assertEquals(quote([1, "a", [2], { b: 3 }, null]), '[1,"a",[…],{…},null]');
  assertEquals(quote({ a: 1 }), "{…}");
  const x = "x".repeat(78);
  assertEquals(quote(x), `"${x}"`);
  for (const length of [79, 80, 81, 1e6]) assertEquals(quote("x".repeat(length)), `"${x}x…`);
  assertEquals(quote(Array(1e6).fill(7)), `[${"7,".repeat(39)}7…`);
});
