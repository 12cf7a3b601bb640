import { assertEquals } from "@std/assert";
import { Pace } from "../../src/sample/pace.ts";

/** Tokens of each batch where a token takes so long. */
function batches(milliseconds: number, count: number): number[] {
  let now = 0;
  const pace = new Pace(() => now);
  return Array.from({ length: count }, () => {
    const { tokens } = pace;
    now += milliseconds * tokens;
    pace.next();
    return tokens;
  });
}

Deno.test("pace: more tokens at once until a batch takes a while", () => {
  assertEquals(batches(10, 6), [1, 2, 4, 8, 8, 8]);
  assertEquals(batches(0.1, 9), [1, 2, 4, 8, 16, 32, 64, 64, 64]);
  assertEquals(batches(1000, 3), [1, 1, 1]);
});

Deno.test("pace: fewer where they have become slow", () => {
  let now = 0;
  const pace = new Pace(() => now);
  for (let i = 0; i < 4; i++) pace.next();
  assertEquals(pace.tokens, 16);
  for (const expected of [8, 4, 2, 1, 1]) {
    now += 300;
    pace.next();
    assertEquals(pace.tokens, expected);
  }
});
