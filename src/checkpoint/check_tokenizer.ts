import { UserError } from "../errors.ts";
import { readTextIfThere } from "../files/read_file.ts";
import { isObject } from "../json.ts";
import { mergesDifference, vocabularyDifference } from "./formats/tokenizer_files.ts";

/** The files that say what a model's tokens are; any of them may be missing. */
export const TOKENIZER_FILES = ["vocab.json", "merges.txt", "tokenizer.json"];

/**
 * Makes sure that the tokenizer beside a model is GPT-2's own, which is all that text is encoded by
 * here: another one's ids would be taken for other words.
 *
 * @throws {UserError} If it is another, or a file of it is malformed; what differs is named.
 */
export async function checkTokenizer(directory: string): Promise<void> {
  const [vocabulary, merges, both] = await Promise.all(
    TOKENIZER_FILES.map((name) => readTextIfThere(`${directory}/${name}`)),
  );
  const check = (name: string, difference: string | undefined) => {
    if (difference === undefined) return;
    throw new UserError(
      `${directory}/${name} is not GPT-2's: ${difference}; a model with a tokenizer of its own ` +
        "cannot be used here",
      "CHECKPOINT",
    );
  };
  if (vocabulary !== undefined) check("vocab.json", vocabularyDifference(parse(vocabulary)));
  if (merges !== undefined) check("merges.txt", mergesDifference(linesOf(merges)));
  if (both !== undefined) check("tokenizer.json", differenceOf(parse(both)));
}

/** How a tokenizer.json differs from GPT-2's. */
function differenceOf(json: unknown): string | undefined {
  const model = isObject(json) ? json.model : undefined;
  if (!isObject(model)) return "it has no model";
  if (model.type !== undefined && model.type !== "BPE") return `its model is ${model.type}`;
  const { merges } = model;
  if (!Array.isArray(merges)) return "it has no merges";
  const lines = merges.map((pair) => Array.isArray(pair) ? pair.join(" ") : String(pair));
  return vocabularyDifference(model.vocab) ?? mergesDifference(lines);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The pairs of a merges.txt, without the version that it begins with. */
function linesOf(text: string): string[] {
  return text.replace(/^#version.*\n/, "").trimEnd().split(/\r?\n/);
}
