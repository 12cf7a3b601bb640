import { assertEquals } from "@std/assert";
import { TokenizeStream } from "../../src/data/tokenize.ts";
import { encode, END_OF_TEXT } from "../../src/data/tokenizer.ts";

async function tokens(texts: string[], whole: boolean): Promise<number[]> {
  const documents = texts.map((text, i) => ({ text, file: "a", line: i + 1, whole }));
  return (await Array.fromAsync(
    ReadableStream.from(documents).pipeThrough(new TokenizeStream()),
  )).flat();
}

Deno.test("TokenizeStream ends each document, and a document in pieces once", async () => {
  const [one, two] = [encode("one"), encode("two <|endoftext|>")];
  assertEquals(await tokens(["one", "two <|endoftext|>"], true), [
    ...[...one, END_OF_TEXT],
    ...[...two, END_OF_TEXT],
  ]);
  assertEquals(await tokens(["one", "two <|endoftext|>"], false), [...one, ...two, END_OF_TEXT]);
  assertEquals(await tokens([], false), []);
});
