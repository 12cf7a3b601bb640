import { UserError } from "../errors.ts";
import { fileExists } from "../files/file_exists.ts";
import { readText } from "../files/read_file.ts";
import {
  LARGEST_TOKENIZER_FILE,
  type ReadTokenizer,
  TOKENIZER_FILES,
  tokenizerOf,
} from "./formats/tokenizer_source.ts";

/**
 * Reads the tokenizer beside a model, if it is another than GPT-2's.
 *
 * @param size Rows of the model's embedding.
 * @param className The class that its config.json says, if it does.
 * @returns undefined if it is GPT-2's, or there is none, which means the same.
 * @throws {UserError} If a file cannot be read, is malformed or asks for what is not supported, or
 * two of them contradict each other.
 */
export async function readTokenizer(
  directory: string,
  size: number,
  className?: unknown,
): Promise<ReadTokenizer | undefined> {
  const files = new Map<string, string>();
  for (const name of TOKENIZER_FILES) {
    const text = await readFile(`${directory}/${name}`);
    if (text !== undefined) files.set(name, text);
  }
  const isThere = (name: string) => fileExists(`${directory}/${name}`);
  return await tokenizerOf(directory, files, isThere, size, className);
}

async function readFile(path: string): Promise<string | undefined> {
  if (!await fileExists(path)) return undefined;
  const { size } = await Deno.stat(path);
  if (size > LARGEST_TOKENIZER_FILE) {
    throw new UserError(
      `${path} has ${size} bytes: a tokenizer's files have at most ${LARGEST_TOKENIZER_FILE}`,
      "CHECKPOINT",
    );
  }
  return await readText(path);
}
