import { UserError } from "../../errors.ts";
import { countNested, isObject } from "../../json.ts";
import { quote } from "../../quote.ts";
import { type NamedEncoding, readEncoding } from "./read_encoding.ts";
import { isGpt2Merges, isGpt2Vocabulary, mergesLines } from "./tokenizer_files.ts";
import { checkTokenizerClass, checkTokenizerConfig } from "./tokenizer_config.ts";
import { type Fail, readTokenizerJson, type WrittenTokens } from "./tokenizer_json.ts";

/** The files that say what a model's tokens are; any of them may be missing. */
const ENCODING_FILES = ["vocab.json", "merges.txt", "tokenizer.json", "added_tokens.json"];

const SETTINGS = "tokenizer_config.json";

/** All files of a tokenizer. */
export const TOKENIZER_FILES = [
  ...ENCODING_FILES,
  SETTINGS,
  "special_tokens_map.json",
];

/** Files of other kinds of tokenizers. */
const FOREIGN_FILES = ["vocab.txt", "spiece.model", "sentencepiece.bpe.model", "tokenizer.model"];

/** The most bytes of one of them. */
export const LARGEST_TOKENIZER_FILE = 2 ** 24;
/** The most objects and lists in one of them: two for a pair of the largest vocabulary. */
const MOST_NESTED = 2 ** 18;

/** The tokenizer of a model that has its own. */
export interface ReadTokenizer extends NamedEncoding {
  /** The files that it was read from, by name. */
  files: ReadonlyMap<string, string>;
}

/**
 * The tokenizer that files beside a model make, if it is another than GPT-2's.
 *
 * @param directory Where they are, for errors.
 * @param files Those of {@linkcode TOKENIZER_FILES} that there are, by name.
 * @param isThere Whether there is a file of another name.
 * @param size Rows of the model's embedding.
 * @param className The class that its config.json says, if it does.
 * @returns undefined if it is GPT-2's, or there is none, which means the same.
 * @throws {UserError} If a file is malformed or asks for what is not supported, or
 * two of them contradict each other.
 */
export async function tokenizerOf(
  directory: string,
  files: ReadonlyMap<string, string>,
  isThere: (name: string) => Promise<boolean>,
  size: number,
  className?: unknown,
): Promise<ReadTokenizer | undefined> {
  const json = <T>(name: string, read: (json: unknown, fail: Fail) => T): T | undefined => {
    const text = files.get(name);
    return text === undefined ? undefined : read(parse(text), failing(`${directory}/${name}`));
  };
  const both = json("tokenizer.json", (json, fail) => readTokenizerJson(json, size, fail));
  json(SETTINGS, (json, fail) => checkTokenizerConfig(json, both !== undefined, fail));
  if (!both) checkTokenizerClass(className, failing(`${directory}/config.json`));
  const vocabulary = json("vocab.json", readObject);
  const pairs = files.has("merges.txt") ? mergesLines(files.get("merges.txt")!) : undefined;
  if (!both && !vocabulary) await checkNoForeign(directory, isThere);
  if (both) checkSame(both, vocabulary, pairs, directory);
  const found = { vocabulary: both?.vocabulary ?? vocabulary, pairs: both?.pairs ?? pairs };
  if (await isGpt2(found)) return undefined;
  if (!found.vocabulary || !found.pairs) {
    const [name, lacking] = found.pairs
      ? ["merges.txt", "vocab.json"]
      : ["vocab.json", "merges.txt"];
    throw failing(`${directory}/${name}`)(`is not GPT-2's, and there is no ${lacking} beside it`);
  }
  const added = { ...both?.added, ...json("added_tokens.json", readObject) };
  const written = { vocabulary: found.vocabulary, pairs: found.pairs, added };
  const source = `${directory}/${both ? "tokenizer.json" : "vocab.json with merges.txt"}`;
  return { ...readEncoding(written, size, failing(source)), files };
}

function failing(path: string): Fail {
  return (what) => new UserError(`${path} ${what}`, "CHECKPOINT");
}

/** The value of a JSON text; undefined if it is none. */
function parse(text: string): unknown {
  if (countNested(new TextEncoder().encode(text)) > MOST_NESTED) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function readObject(json: unknown, fail: Fail): Record<string, unknown> {
  if (isObject(json)) return json;
  throw fail("is no object of tokens and ids");
}

/** Whether what there is of a tokenizer is as GPT-2's. */
async function isGpt2({ vocabulary, pairs }: Partial<WrittenTokens>): Promise<boolean> {
  return (vocabulary === undefined || isGpt2Vocabulary(vocabulary)) &&
    (pairs === undefined || await isGpt2Merges(pairs));
}

/** Makes sure that tokenizer.json says what the other files say. */
function checkSame(
  both: WrittenTokens,
  vocabulary: Record<string, unknown> | undefined,
  pairs: readonly string[] | undefined,
  directory: string,
): void {
  const fail = failing(`${directory}/tokenizer.json`);
  const ids = { ...both.vocabulary, ...both.added };
  for (const [name, id] of Object.entries(vocabulary ?? {})) {
    const other = Object.hasOwn(ids, name) ? ids[name] : undefined;
    if (other === id) continue;
    throw fail(`has the id ${quote(other)} for ${quote(name)}, and vocab.json ${quote(id)}`);
  }
  if (pairs === undefined) return;
  const at = Array.from({ length: Math.max(pairs.length, both.pairs.length) }).findIndex(
    (_, i) => pairs[i] !== both.pairs[i],
  );
  if (at < 0) return;
  throw fail(
    `has ${quote(both.pairs[at])} for pair ${at + 1}, and merges.txt ${quote(pairs[at])}`,
  );
}

/** @throws {UserError} If there is a tokenizer of another kind. */
async function checkNoForeign(
  directory: string,
  isThere: (name: string) => Promise<boolean>,
): Promise<void> {
  for (const name of FOREIGN_FILES) {
    if (!await isThere(name)) continue;
    throw failing(`${directory}/${name}`)(
      "is of another kind of tokenizer: only byte-level byte-pair encoding is supported, in " +
        "vocab.json with merges.txt or in tokenizer.json",
    );
  }
}
