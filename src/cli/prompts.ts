import { decodeUtf8, firstInvalid } from "../data/text/utf8.ts";
import { UserError } from "../errors.ts";

/** What stands before a prompt that is typed. */
const MARK = "> ";

/**
 * What standard input holds, without its last line break; nothing on a terminal.
 *
 * @throws {UserError} If it is not UTF-8.
 */
export async function readPrompt(): Promise<string> {
  if (Deno.stdin.isTerminal()) return "";
  const text = decode(await new Response(Deno.stdin.readable).bytes(), "on standard input");
  return text.replace(/\r?\n$/, "");
}

/**
 * The lines of standard input as they come, without line breaks. On a terminal each is asked for, on
 * standard error.
 *
 * @throws {UserError} If one is not UTF-8.
 */
export async function* readPrompts(): AsyncGenerator<string, void> {
  const isTyped = Deno.stdin.isTerminal();
  const ask = () => isTyped && Deno.stderr.writeSync(new TextEncoder().encode(MARK));
  let number = 0;
  ask();
  for await (const line of linesOf(Deno.stdin.readable)) {
    number++;
    yield decode(line, `in line ${number} of standard input`).replace(/\r$/, "");
    ask();
  }
  if (isTyped) console.error(); // the shell's prompt goes on a line of its own
}

/** The lines of a stream of bytes; also the last one, if no line break ends it. */
async function* linesOf(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<Uint8Array, void> {
  let begun: Uint8Array<ArrayBuffer>[] = [];
  for await (let chunk of stream) {
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10)) {
      yield await new Blob([...begun, chunk.subarray(0, at)]).bytes();
      begun = [];
      chunk = chunk.subarray(at + 1);
    }
    if (chunk.length > 0) begun.push(chunk);
  }
  if (begun.length > 0) yield await new Blob(begun).bytes();
}

/** @throws {UserError} If the bytes are not UTF-8. */
function decode(bytes: Uint8Array, where: string): string {
  const text = decodeUtf8(bytes);
  if (text !== undefined) return text;
  throw new UserError(`the prompt ${where} is not UTF-8 at byte ${firstInvalid(bytes)}`);
}
