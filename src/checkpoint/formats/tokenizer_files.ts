import { isObject } from "../../json.ts";
import { quote } from "../../quote.ts";
import { mergeBytes } from "../../tokens/bpe.ts";
import { nameOf } from "./token_names.ts";
import { END_NAME, END_OF_TEXT, TOKEN_COUNT, tokenBytes } from "../../tokens/tokenizer.ts";

/** Tokens from here on are joined from two others; those before are the single bytes. */
const FIRST_MERGED = 256;

/**
 * GPT-2's tokenizer in the files that Hugging Face's `GPT2Tokenizer` reads: `vocab.json` (the
 * number of each token) and `merges.txt` (the pairs of tokens to join, by rank), in which each byte
 * is a character that can be seen; and `tokenizer_config.json` and `special_tokens_map.json`.
 *
 * The pair that a token is joined from is what byte-pair encoding leaves of its bytes with the
 * tokens of lower ranks.
 *
 * @param context The longest text that the model takes, in tokens.
 * @param endOfText The token that ends a document. @default `<|endoftext|>`
 * @returns The contents by file name.
 */
export function tokenizerFiles(context: number, endOfText = END_OF_TEXT): Map<string, string> {
  const end = writtenName(endOfText);
  const special = { bos_token: end, eos_token: end, unk_token: end };
  const config = {
    tokenizer_class: "GPT2Tokenizer",
    add_prefix_space: false,
    model_max_length: context,
    ...special,
  };
  return new Map([
    ["vocab.json", vocabulary ??= writeVocabulary()],
    ["merges.txt", merges ??= writeMerges()],
    ["tokenizer_config.json", JSON.stringify(config) + "\n"],
    ["special_tokens_map.json", JSON.stringify(special) + "\n"],
  ]);
}

/** What a vocab.json calls a token. */
function writtenName(token: number): string {
  return token === END_OF_TEXT ? END_NAME : nameOf(token);
}

let vocabulary: string | undefined;
let merges: string | undefined;

function writeVocabulary(): string {
  const entries: string[] = [];
  for (let token = 0; token < TOKEN_COUNT; token++) {
    entries.push(`${JSON.stringify(writtenName(token))}: ${token}`);
  }
  return `{${entries.join(", ")}}\n`; // not an object, which would put the digits first
}

function writeMerges(): string {
  const lines = ["#version: 0.2"];
  for (let token = FIRST_MERGED; token < END_OF_TEXT; token++) {
    lines.push(mergeBytes(tokenBytes(token), token).map(nameOf).join(" "));
  }
  return lines.join("\n") + "\n";
}

/** How a vocab.json differs from GPT-2's; undefined if it does not. Further tokens do not matter. */
export function vocabularyDifference(json: unknown): string | undefined {
  if (!isObject(json)) return "it is no object of tokens and ids";
  for (let token = 0; token < TOKEN_COUNT; token++) {
    const name = writtenName(token);
    const id = Object.hasOwn(json, name) ? json[name] : undefined;
    if (id !== token) {
      return `the id of ${quote(name)} is ${quote(id)} there, and ${token} in GPT-2's`;
    }
  }
}

/** How the pairs of a merges.txt differ from GPT-2's, which come in this order. */
export function mergesDifference(lines: readonly string[]): string | undefined {
  const expected = (merges ??= writeMerges()).trimEnd().split("\n").slice(1);
  const at = expected.findIndex((line, i) => line !== lines[i]);
  if (at >= 0) {
    return `pair ${at + 1} is ${quote(lines[at])} there, and ${quote(expected[at])} in GPT-2's`;
  }
  if (lines.length > expected.length) {
    return `it has ${lines.length} pairs, and GPT-2's ${expected.length}`;
  }
}
