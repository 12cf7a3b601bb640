import { assertEquals } from "@std/assert";
import { TextsInOrder } from "../../src/cli/texts_in_order.ts";

Deno.test("texts in order: the first is written as it grows, the others once it is their turn", () => {
  const written: string[] = [];
  const texts = new TextsInOrder(["a:", "b:", "c:"], (text) => written.push(text));
  const add = (sample: number, text: string, isLast = false) => {
    written.length = 0;
    texts.add({ sample, text, isLast });
    return written.join("|");
  };
  assertEquals(written, ["a:"]);
  assertEquals(add(0, "1"), "1");
  assertEquals(add(1, "2"), "");
  assertEquals(add(2, "3"), "");
  assertEquals(add(1, "", true), "");
  assertEquals(add(0, "4", true), "4|\n|b:2|\n|c:3");
  assertEquals(add(2, "5"), "5");
  assertEquals(add(2, "", true), "|\n");
});
