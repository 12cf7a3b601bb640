import { assert, assertEquals } from "@std/assert";
import { PIECE_LENGTH, PieceStream } from "../../../src/data/text/pieces.ts";
import { encode } from "../../../src/tokens/tokenizer.ts";
import { Random } from "../../../src/random.ts";

async function pieces(text: string, chunk = text.length): Promise<string[]> {
  const chunks = function* () {
    for (let at = 0; at < text.length; at += chunk) yield text.slice(at, at + chunk);
  };
  return await Array.fromAsync(ReadableStream.from(chunks()).pipeThrough(new PieceStream()));
}

/** A text of words, spaces and empty lines, with the given ends of lines. */
function prose(length: number, newline = "\n"): string {
  const random = new Random(3);
  let text = "";
  while (text.length < length) {
    const gap = random.below(12);
    text += gap === 0 ? newline : gap === 1 ? newline + newline : gap === 2 ? "  " : " ";
    text += ["word", "don't", "1999", "été", "🌕", "--"][random.below(6)];
  }
  return text;
}

Deno.test("pieces are short, make up the text, and have its tokens", async () => {
  for (const text of [prose(20_000), prose(20_000, "\r\n"), prose(20_000, "\t")]) {
    for (const chunk of [1000, 20_000]) {
      const cut = await pieces(text, chunk);
      assertEquals(cut.join(""), text);
      assert(cut.length >= 5);
      for (const piece of cut) assert(piece.length <= PIECE_LENGTH);
      assertEquals(cut.flatMap(encode), encode(text));
    }
  }
});

Deno.test("pieces begin with a line end where there is one", async () => {
  const line = "\n" + "x ".repeat(700) + "x"; // 1,402 characters
  const cut = await pieces(line.repeat(10));
  assertEquals(cut, Array(5).fill(line.repeat(2)));
});

Deno.test("pieces of an unbroken text never split a character", async () => {
  const text = "x" + "🌕".repeat(5000);
  const cut = await pieces(text);
  assertEquals(cut.join(""), text);
  for (const piece of cut) {
    assert(piece.isWellFormed());
    assert(piece.length <= PIECE_LENGTH);
  }
});

Deno.test("pieces do not depend on chunks", async () => {
  for (const length of [1, PIECE_LENGTH, PIECE_LENGTH + 1, PIECE_LENGTH + 2, 3 * PIECE_LENGTH]) {
    const text = prose(length).slice(0, length);
    const whole = await pieces(text);
    assertEquals(whole.join(""), text);
    for (const piece of whole) assert(piece.length <= PIECE_LENGTH);
    assertEquals(await pieces(text, 99), whole);
  }
  assertEquals(await pieces(""), []);
});
